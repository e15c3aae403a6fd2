"""GitLab CI files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.pipelines import Job, Pipeline
from steadygo.read.gitlab_ci import read

FILE = """stages: [test, ship]
include:
  - local: other.yml
workflow:
  name: orders
variables:
  GO: "1.25"
  OUT: {value: bin, description: where}
default:
  image: golang:$GO-alpine
  timeout: 1h 30m
  cache:
    key: {files: [go.sum], prefix: mod}
    paths: [.cache/]
.base:
  tags: [shared]
  retry: {max: 2, when: runner_system_failure}
  variables: {A: "1", B: "2"}
  before_script:
    - cd api
    - export CGO_ENABLED=0
.steps:
  script:
    - go vet ./...
test:
  extends: .base
  variables: {B: "3", C: $B}
  services:
    - postgres:16
    - {name: "redis:7", alias: cache}
  parallel:
    matrix:
      - ARCH: [amd64, arm64]
        OS: linux
  script:
    - !reference [.steps, script]
    - go build -o $OUT/app ./cmd/$A$B
    - |
      # note
      go test ./... \\
        -race
    - &list [one, two]
  after_script:
    - pwd
  rules:
    - if: $CI_COMMIT_TAG
      when: manual
    - changes: [go.mod, go.sum]
ship:
  stage: ship
  image: {name: "docker:27", entrypoint: [""]}
  needs: [{job: test, artifacts: true}, other]
  timeout: 10 minutes
  retry: 1
  environment: {name: production}
  only: [main, tags]
  cache:
    - {key: a, paths: [x]}
  script: *list
bridge:
  trigger: {project: group/deploy}
"""


def pipeline(text: str = FILE) -> Pipeline:
    return read(".gitlab-ci.yml", text.encode())


def job(name: str) -> Job:
    return next(j for j in pipeline().jobs if j.name == name)


def line(fragment: str) -> int:
    return next(number for number, text in enumerate(FILE.splitlines(), 1) if fragment in text)


def test_reads_the_pipeline() -> None:
    found = pipeline()
    assert found.gaps == ()
    assert (found.kind, found.name, found.stages) == ("gitlab", "orders", ("test", "ship"))
    assert [(v.name, v.value) for v in found.variables] == [("GO", "1.25"), ("OUT", "bin")]
    assert [j.name for j in found.jobs] == ["test", "ship", "bridge"]
    assert [(key.value, paths) for key, paths in found.caches] == [("mod files: go.sum", (".cache/",)), ("a", ("x",))]


def test_job_takes_from_its_parent_and_from_default() -> None:
    found = job("test")
    assert (found.line, found.stage) == (FILE.splitlines().index("test:") + 1, "test")
    assert [t.value for t in found.runs_on] == ["shared"]
    assert found.container is not None and (found.container.value, found.container.line) == ("golang:1.25-alpine", line("golang:"))
    assert found.timeout is not None and found.timeout.value == 5400.0
    assert found.retries is not None and found.retries.value == 2.0
    assert [(v.name, v.value, v.source) for v in found.variables] == [("A", "1", ""), ("B", "3", ""), ("C", "$B", "expression")]
    assert [s.value for s in found.services] == ["postgres:16", "redis:7"]
    assert [(key, [t.value for t in values]) for key, values in found.matrix] == [("ARCH", ["amd64", "arm64"]), ("OS", ["linux"])]
    assert found.condition == "if: $CI_COMMIT_TAG, when: manual\nchanges: go.mod go.sum"


def test_scripts_share_a_shell_and_keep_their_lines() -> None:
    before, script, after = job("test").steps
    assert [(c.text, c.line) for c in before.commands] == [("cd api", line("cd api"))]
    assert [(c.text, c.line, c.column, c.directory) for c in script.commands] == [
        ("go vet ./...", line("go vet"), 7, "api"),
        ("go build -o bin/app ./cmd/13", line("go build"), 7, "api"),
        ("go test ./... -race", line("go test"), 7, "api"),
        ("one", line("&list"), 14, "api"),
        ("two", line("&list"), 19, "api"),
    ]
    assert script.commands[0].variables == (("CGO_ENABLED", "0"),)
    assert [(c.text, c.directory, c.variables) for c in after.commands] == [("pwd", "", ())]


def test_job_says_it_itself() -> None:
    found = job("ship")
    assert found.container is not None and found.container.value == "docker:27"
    assert (found.stage, found.needs, found.environment, found.condition) == ("ship", ("test", "other"), "production", "only: main, tags")
    assert found.timeout is not None and found.timeout.value == 600.0
    assert found.retries is not None and found.retries.value == 1.0
    assert [c.text for c in found.steps[0].commands] == ["one", "two"]
    bridge = job("bridge").uses
    assert bridge is not None and bridge.value == "group/deploy"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3600", 3600),
        ("1h 30m", 5400),
        ("90 minutes", 5400),
        ("2 hours 15 min", 8100),
        ("1 day", 86400),
        ("1.5h", 5400),
        ("$X", 0),
        ("3 moons", 0),
    ],
)
def test_reads_timeouts(text: str, seconds: float) -> None:
    (found,) = pipeline(f"a:\n  script: [b]\n  timeout: {text}\n").jobs
    assert found.timeout is not None and found.timeout.value == seconds


def test_later_parents_win_and_chains_are_followed() -> None:
    text = (
        ".a: {image: a, tags: [t]}\n.b: {extends: .a, image: b}\n.c: {image: c}\n"
        "j: {extends: [.b, .c], script: [x]}\nk: {extends: [.c, .b], script: [x]}\n"
    )
    found = pipeline(text)
    assert found.gaps == ()
    assert [(j.container.value if j.container else "", [t.value for t in j.runs_on]) for j in found.jobs] == [("c", ["t"]), ("b", ["t"])]


def test_inherit_keeps_defaults_away() -> None:
    text = (
        "default: {image: a, tags: [t]}\nvariables: {V: 1}\n"
        "j: {inherit: {default: [tags], variables: false}, script: [echo $V]}\nk: {inherit: {default: false}, script: [x]}\n"
    )
    first, second = pipeline(text).jobs
    assert (first.container, [t.value for t in first.runs_on]) == (None, ["t"])
    assert first.steps[0].commands[0].text == "echo $V"
    assert second.runs_on == ()


def test_reads_file_with_inputs() -> None:
    found = pipeline(
        'spec:\n  inputs: {env: {}}\n---\n"build-$[[ inputs.env ]]":\n  script:\n    - go build ./$[[ inputs.env ]] ./$[[ inputs.arc ]]\n'
    )
    assert found.gaps == ()
    assert found.jobs[0].steps[0].commands[0].words == ("go", "build", "./$[[ inputs.env ]]", "./$[[ inputs.arc ]]")


def test_what_is_not_there_is_a_gap() -> None:
    text = (
        "a: {extends: .x, script: [b]}\nc: {script: [!reference [.y, script]]}\n"
        "d: 1\ne: {stage: x}\n.f: {extends: .f}\ng: {extends: .f, script: [h]}\n"
    )
    assert sorted(g.line for g in pipeline(text).gaps) == [1, 2, 3, 4]
    assert pipeline("- a\n").gaps


def test_circles_end() -> None:
    text = ".a: {extends: .b, script: [!reference [.a, script]]}\n.b: {extends: .a}\nj: {extends: .a}\n"
    assert [j.name for j in pipeline(text).jobs] == ["j"]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(FILE)), st.integers(0, 60), st.text(alphabet="\n :-{}[]|>&*!'\"#$x\0é", max_size=10))
def test_never_raises_on_mutated_files(start: int, cut: int, put: str) -> None:
    pipeline(FILE[:start] + put + FILE[start + cut :])
