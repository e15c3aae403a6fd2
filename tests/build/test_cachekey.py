"""`steadygo build cache-key`: what Go hashes, and what a key leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygo.build import gitlabcaches
from steadygo.build.cachekey import Audit, audit
from steadygo.dispatch import run
from steadygo.read import github_actions, gitlab_ci

WORKFLOW = """\
on: push
env:
  CGO_ENABLED: "{cgo}"
jobs:
  test:
    runs-on: {runner}
    steps:
      - uses: actions/setup-go@v5
        id: setup-go
      - uses: actions/cache@v4
        with:
          path: |
            ~/.cache/go-build
            ~/go/pkg/mod
          key: {key}
      - run: go test -race ./...
"""
SECOND = """\
  plain:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/cache@v4
        with: {path: ~/.cache/go-build, key: "%s"}
      - run: go build ./...
"""
RIGHT = "go-${{ runner.os }}-${{ runner.arch }}-${{ steps.setup-go.outputs.go-version }}-${{ hashFiles('**/go.sum') }}-${{ github.sha }}"


def _audits(key: str, runner: str = "ubuntu-24.04", cgo: str = "0", more: str = "") -> list[Audit]:
    text = WORKFLOW.format(key=key, runner=runner, cgo=cgo) + more
    return list(audit(github_actions.read(".github/workflows/ci.yml", text.encode())))


def _missing(found: Audit) -> list[str]:
    return [ingredient.name for ingredient in found.ingredients if ingredient.state == "missing"]


def test_accepts_a_key_that_holds_everything() -> None:
    (found,) = _audits(RIGHT)
    assert _missing(found) == []
    assert found.at == ".github/workflows/ci.yml:15"


def test_names_what_the_usual_key_leaves_out() -> None:
    (found,) = _audits("${{ runner.os }}-go-${{ hashFiles('**/go.sum') }}")
    assert _missing(found) == ["Go version and tool ids", "source files"]


@pytest.mark.parametrize(("runner", "missing"), [("ubuntu-24.04", False), ("${{ matrix.os }}", True), ("self-hosted", True)])
def test_wants_the_processor_only_where_runners_differ(runner: str, missing: bool) -> None:
    (found,) = _audits(RIGHT.replace("${{ runner.arch }}-", ""), runner)
    assert ("processor (GOARCH)" in _missing(found)) is missing


def test_wants_the_flag_when_another_job_shares_the_key() -> None:
    assert "-race" not in _missing(_audits(RIGHT)[0])
    shared = _audits(RIGHT, more=SECOND % RIGHT)
    assert "-race" in _missing(shared[0])
    assert "${{ github.job }}" in shared[0].better


def test_wants_the_system_for_cgo() -> None:
    assert "C headers and libraries" in _missing(_audits(RIGHT, cgo="1")[0])


@pytest.mark.parametrize("runner", ["ubuntu-24.04", "${{ matrix.os }}"])
@pytest.mark.parametrize("cgo", ["0", "1"])
def test_its_own_key_is_right(runner: str, cgo: str) -> None:
    (found,) = _audits("go", runner, cgo)
    (again,) = _audits(found.better, runner, cgo)
    assert _missing(found)
    assert _missing(again) == []


def test_prints_and_exits_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workflow = tmp_path / "ci.yml"
    workflow.write_text(WORKFLOW.format(key="go", runner="ubuntu-24.04", cgo="0"))
    assert run(["build", "cache-key", str(workflow)]) == 1
    assert "a key that is right: go-build-${{ runner.os }}" in capsys.readouterr().out
    workflow.write_text("on: push\njobs: {}\n")
    assert run(["build", "cache-key", str(workflow)]) == 0


GITLAB = """\
variables: {{GOCACHE: $CI_PROJECT_DIR/.cache/go-build, GOMODCACHE: $CI_PROJECT_DIR/.cache/mod}}
default:
  image: golang:1.26
  cache: {{key: "{key}", paths: [.cache/]}}
test: {{script: [go test -race ./...]}}
build: {{script: [go build ./...]}}
old: {{image: "golang:1.25", script: [go vet ./...]}}
lint: {{script: [ls], cache: []}}
"""


def _gitlab(text: str) -> list[Audit]:
    return list(gitlabcaches.audit(gitlab_ci.read(".gitlab-ci.yml", text.encode())))


def test_names_what_jobs_of_gitlab_do_to_each_other_under_one_key() -> None:
    (found,) = _gitlab(GITLAB.format(key="go"))
    assert (found.at, found.holds, found.better) == (".gitlab-ci.yml:4", "both", "go-$CI_JOB_NAME_SLUG")
    assert _missing(found) == ["Go version and tool ids", "-race"]
    (again,) = _gitlab(GITLAB.format(key=found.better))
    assert _missing(again) == []


def test_gitlab_keeps_nothing_outside_of_the_project() -> None:
    (found,) = _gitlab("b: {image: 'golang:1.26', cache: {paths: [/root/.cache/go-build]}, script: [go build ./...]}\n")
    assert _missing(found) == ["folder"]
    (found,) = _gitlab("b: {image: 'golang:1.26', cache: {paths: [.cache/go-build]}, script: [go build ./...]}\n")
    assert _missing(found) == ["folder"]
    assert _gitlab("b: {cache: {paths: [node_modules]}, script: [npm ci]}\n") == []


def test_reads_a_gitlab_file_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workflow = tmp_path / ".gitlab-ci.yml"
    workflow.write_text(GITLAB.format(key="go"))
    assert run(["build", "cache-key", str(workflow)]) == 1
    assert "a key that is right: go-$CI_JOB_NAME_SLUG" in capsys.readouterr().out


def test_what_is_no_workflow_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "go.mod"
    other.write_text("module example.com/x\n")
    assert run(["build", "cache-key", str(other)]) == 2
    assert "go.mod is no workflow" in capsys.readouterr().err
