"""GitHub workflows and actions."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.pipelines import Job, Pipeline, Step, expand
from steadygo.facts.place import Text
from steadygo.read.github_actions import read

WORKFLOW = """name: ci
on:
  push:
    branches: [main]
  workflow_call:
    inputs:
      level: {type: string, default: low}
permissions:
  contents: read
env:
  CGO_ENABLED: 0
  TOKEN: ${{ secrets.TOKEN }}
defaults:
  run:
    working-directory: api
jobs:
  test:
    needs: [lint, vet]
    if: github.ref == 'x'
    runs-on: ${{ matrix.os }}
    timeout-minutes: 15
    environment: {name: staging}
    container: golang:1.25
    services:
      db:
        image: postgres:16
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, "macos-14"]
        go: ['1.24', "1.25"]
        target:
          - {arch: amd64, cgo: 1}
          - {arch: arm64, cgo: 0}
        include:
          - os: windows-2022
            go: '1.26'
        exclude:
          - os: none
    env:
      PKG: ./cmd/orders
    steps:
      - uses: actions/setup-go@v5
        with:
          go-version: ${{ matrix.go }}
      - name: build
        if: always()
        timeout-minutes: 2
        continue-on-error: true
        env: {OUT: bin}
        run: |
          # comment
          go build -o $OUT/x-${{ matrix.target.arch }} $PKG

          (cd sub && go test \\
            ./...)
      - run: >-
          go vet
          -tags x
          ./...

          ls
        working-directory: ./web
      - run: "go list"
      - run: Get-Item x; go env
        shell: pwsh
      - run: print(1)
        shell: python
"""


def workflow(text: str = WORKFLOW) -> Pipeline:
    return read(".github/workflows/ci.yml", text.encode())


def job() -> Job:
    (found,) = workflow().jobs
    return found


def step(number: int) -> Step:
    return job().steps[number]


def test_reads_the_workflow() -> None:
    found = workflow()
    assert found.gaps == ()
    assert (found.kind, found.name, found.triggers) == ("github", "ci", ("push", "workflow_call"))
    assert [(v.name, v.value, v.source) for v in found.variables] == [("CGO_ENABLED", "0", ""), ("TOKEN", None, "secret:TOKEN")]
    assert [(v.name, v.value) for v in found.inputs] == [("level", "low")]


def test_reads_the_job() -> None:
    found = job()
    assert (found.name, found.line, found.needs, found.condition, found.environment) == (
        "test",
        17,
        ("lint", "vet"),
        "github.ref == 'x'",
        "staging",
    )
    assert found.timeout is not None and (found.timeout.value, found.timeout.text, found.timeout.line) == (900.0, "15", 21)
    assert found.container is not None and found.container.value == "golang:1.25"
    assert [s.value for s in found.services] == ["postgres:16"]
    assert [(p.name, p.value) for p in found.permissions] == [("contents", "read")]
    assert [(v.name, v.value) for v in found.variables] == [("PKG", "./cmd/orders")]


def test_expands_runners_over_the_matrix() -> None:
    assert [(t.value, t.line) for t in job().runs_on] == [("ubuntu-latest", 30), ("macos-14", 30), ("windows-2022", 36)]


def test_matrix_has_included_values_and_fields() -> None:
    found = dict(job().matrix)
    assert [t.value for t in found["go"]] == ["1.24", "1.25", "1.26"]
    assert [t.value for t in found["target.arch"]] == ["amd64", "arm64"]
    assert found["go"][2].line == 37


def test_expand_puts_values_in() -> None:
    text = Text("${{ matrix.go }}", 1, 1)
    assert [(t.value, t.line) for t in expand(job(), text)] == [("1.24", 31), ("1.25", 31), ("1.26", 37)]
    both = expand(job(), Text("${{matrix.go}}-${{ matrix['target.arch'] }}-${{ github.x }}", 9))
    assert len(both) == 6
    assert both[0].value == "1.24-amd64-${{ github.x }}" and both[0].line == 9
    assert [t.value for t in expand(job(), Text("${{ inputs.level }}${{ env.CGO_ENABLED }}", 1), workflow())] == ["low0"]
    assert expand(job(), Text("${{ matrix.none }}", 3)) == (Text("${{ matrix.none }}", 3),)


def test_reads_uses_with_inputs() -> None:
    found = step(0)
    assert found.uses is not None and (found.uses.value, found.uses.line) == ("actions/setup-go@v5", 43)
    assert [(v.name, v.value, v.line, v.source) for v in found.inputs] == [("go-version", "${{ matrix.go }}", 45, "expression")]


def test_places_commands_of_a_block() -> None:
    found = step(1)
    assert (found.name, found.condition, found.continue_on_error) == ("build", "always()", True)
    assert found.timeout is not None and found.timeout.value == 120.0
    assert [(c.text, c.line, c.column, c.directory) for c in found.commands] == [
        ("go build -o bin/x-${{ matrix.target.arch }} ./cmd/orders", 53, 11, "api"),
        ("cd sub", 55, 12, "api"),
        ("go test ./...", 55, 22, "api/sub"),
    ]


def test_places_commands_of_a_folded_block_and_of_a_line() -> None:
    assert [(c.text, c.line, c.column, c.directory) for c in step(2).commands] == [
        ("go vet -tags x ./...", 58, 11, "web"),
        ("ls", 62, 11, "web"),
    ]
    assert [(c.text, c.line, c.column) for c in step(3).commands] == [("go list", 64, 15)]


def test_other_shells() -> None:
    assert [(c.text, c.line, c.column) for c in step(4).commands] == [("Get-Item x", 65, 14), ("go env", 65, 26)]
    assert step(5).commands == () and step(5).script == "print(1)"


def test_reusable_workflow_has_its_inputs_in_a_step() -> None:
    found = workflow("on: push\njobs:\n  a:\n    uses: org/repo/.github/workflows/x.yml@v1\n    with: {go: '1.25'}\n").jobs[0]
    assert found.uses is not None and found.uses.value.startswith("org/repo")
    assert found.steps[0].inputs[0].value == "1.25"


def test_reads_runner_groups_and_lists() -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: [self-hosted, linux]\n    steps: [{run: a}]\n"
        "  b:\n    runs-on: {group: big, labels: [x]}\n    steps: [{run: b}]\n"
    )
    assert [[t.value for t in j.runs_on] for j in workflow(text).jobs] == [["self-hosted", "linux"], ["x"]]


def test_reads_composite_action() -> None:
    text = (
        "name: setup\ninputs:\n  go: {default: '1.25'}\n  token: {required: true}\n"
        "runs:\n  using: composite\n  steps:\n    - run: go build ./${{ inputs.x }}\n      shell: bash\n"
    )
    found = read("action.yml", text.encode())
    assert (found.kind, found.gaps) == ("action", ())
    assert [(v.name, v.value, v.source) for v in found.inputs] == [("go", "1.25", ""), ("token", None, "host")]
    assert [(c.text, c.line, c.column) for c in found.jobs[0].steps[0].commands] == [("go build ./${{ inputs.x }}", 8, 12)]


def test_wrong_shapes_are_gaps() -> None:
    text = "on: push\njobs:\n  a: 1\n  b: {}\n  c:\n    steps: x\n  d:\n    steps: [1, {name: n}]\n"
    assert [g.line for g in workflow(text).gaps] == [3, 4, 6, 8, 8]
    assert workflow("[]").gaps[0].reason.startswith("not a workflow")
    assert workflow("on: push\n").gaps[0].reason == "a workflow without jobs"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WORKFLOW)), st.integers(0, 60), st.text(alphabet="\n :-{}[]|>&*!'\"#$x\t\0é", max_size=10))
def test_never_raises_on_mutated_files(start: int, cut: int, put: str) -> None:
    found = workflow(WORKFLOW[:start] + put + WORKFLOW[start + cut :])
    assert all(c.line >= 1 for j in found.jobs for s in j.steps for c in s.commands)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=120))
def test_never_raises_on_bytes(data: bytes) -> None:
    read("x.yml", data)
