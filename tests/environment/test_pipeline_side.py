from pathlib import Path

import pytest

from steadygo.commands.env.sides import resolve
from steadygo.commands.env.workflows import find_workflow
from steadygo.errors import UserError

WORKFLOW = """\
on: push
env:
  GOFLAGS: -mod=readonly
  TOKEN: ${{ secrets.TOKEN }}
jobs:
  lint:
    runs-on: ubuntu-22.04
    steps:
      - uses: actions/setup-go@v5
        with: {go-version: '~1.24.3'}
      - run: golangci-lint run
  build:
    runs-on: ubuntu-24.04-arm
    env: {TZ: Europe/Berlin}
    steps:
      - uses: actions/setup-go@v6
        with: {go-version-file: go.mod}
      - run: CGO_ENABLED=0 go build ./cmd/orders
        env: {GOAMD64: v2}
  matrix:
    runs-on: ${{ matrix.os }}
    strategy: {matrix: {os: [ubuntu-latest, macos-latest], go: ['1.25', '1.26']}}
    steps:
      - uses: actions/setup-go@v5
        with: {go-version: '${{ matrix.go }}'}
      - run: go test ./...
  container:
    runs-on: ubuntu-latest
    container: golang:1.26-alpine3.22
    steps: [{run: go vet ./...}]
"""


@pytest.fixture
def workflow(tmp_path: Path) -> str:
    (tmp_path / "go.mod").write_text("module example.com/orders\n\ngo 1.25.3\n")
    path = tmp_path / ".github/workflows/ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text(WORKFLOW)
    return str(path)


def values(side: str) -> dict[str, str | None]:
    return {k: v.value for k, v in resolve(f"ci:{side}", Path()).values.items()}


def test_the_job_that_builds_is_chosen_and_its_setup_read(workflow: str) -> None:
    found = values(workflow)
    assert found["ci.job"] == "build"
    assert found["go.version"] == "go1.25.3"
    assert found["go.env.GOTOOLCHAIN"] == "local"
    assert found["go.env.GOFLAGS"] == "-mod=readonly"
    assert found["go.env.CGO_ENABLED"] == "0"
    assert found["go.env.GOAMD64"] == "v2"
    assert found["env.TZ"] == "Europe/Berlin"
    assert found["env.TOKEN"] is None
    assert (found["libc.version"], found["kernel.arch"]) == ("2.39", "aarch64")


def test_a_range_does_not_pin_the_patch(workflow: str) -> None:
    found = values(f"{workflow}#lint")
    assert (found["go.version"], found["libc.version"]) == ("go1.24", "2.35")
    assert "go.env.GOTOOLCHAIN" not in found


def test_what_a_matrix_decides_is_not_known(workflow: str) -> None:
    found = values(f"{workflow}#matrix")
    assert found["go.version"] is None
    assert found["os.id"] is None


def test_a_container_decides_go_and_the_c_library(workflow: str) -> None:
    found = values(f"{workflow}#container")
    assert (found["go.version"], found["libc.name"]) == ("go1.26", "musl")


def test_a_job_that_is_not_there_is_one_sentence(workflow: str) -> None:
    with pytest.raises(UserError, match="Its jobs: lint, build, matrix, container"):
        values(f"{workflow}#deploy")


def test_finds_the_workflow_that_builds(workflow: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github/workflows/a.yml").write_text("jobs: {x: {steps: [{run: go test ./...}]}}\n")
    assert find_workflow(tmp_path) == f"ci:{workflow}"
