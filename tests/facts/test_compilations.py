"""What is compiled, by which Go and with which settings, and what the jobs of pipelines really run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from steadygo.facts import compilations, goversions, jobs, libc, privacy
from steadygo.facts.commands import Command
from steadygo.facts.gocommand import parse, written
from steadygo.facts.repository import Repository
from steadygo.facts.settings import Settings
from steadygo.scan.assemble import assemble, decode
from steadygo.scan.discover import discover
from steadygo.scan.reading import read_all

MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
REST = 'FROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'
JOB = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"

Read = Callable[[Mapping[str, str]], Repository]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def of(tree: Mapping[str, str]) -> Repository:
        for path, text in tree.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        found = discover(tmp_path, Settings(), lambda path, signature: None)
        reads = list(read_all(tmp_path, found.files, frozenset(), lambda done, total: None))
        artefacts, _ = decode([(r.path, r.facts) for r in reads])
        return assemble("tree", Settings(), artefacts, found.unread, frozenset(found.paths))

    return of


def settings_of(repository: Repository, name: str) -> list[str | None]:
    return [c.value(name) for c in compilations.compilations(repository)]


def test_the_command_wins_over_env_and_env_over_arg(read: Read) -> None:
    head = "FROM golang:1.24\nARG CGO_ENABLED=1\nENV CGO_ENABLED=0\nCOPY . .\n"
    assert settings_of(read({**MAIN, "Dockerfile": head + "RUN go build -o /orders ./cmd/orders\n" + REST}), "CGO_ENABLED") == ["0"]
    own = head + "RUN CGO_ENABLED=1 go build -o /orders ./cmd/orders\n" + REST
    assert settings_of(read({**MAIN, "Dockerfile": own}), "CGO_ENABLED") == ["1"]


def test_follows_make_with_its_exports_and_arguments(read: Read) -> None:
    makefile = "export GOWORK = off\nbuild:\n\tgo build -o orders ./cmd/orders\n"
    image = "FROM golang:1.24\nCOPY . .\nRUN make build CGO_ENABLED=0\n" + REST.replace("/orders /orders", "/go/orders /orders")
    found = [c for c in compilations.compilations(read({**MAIN, "Makefile": makefile, "Dockerfile": image})) if c.origin == "image"]
    assert [(c.at.path, c.outer.path, c.value("GOWORK"), c.value("CGO_ENABLED")) for c in found] == [("Makefile", "Dockerfile", "off", "0")]


def test_reads_flags_from_goflags(read: Read) -> None:
    image = 'FROM golang:1.24\nENV GOFLAGS="-trimpath -tags=netgo"\nCOPY . .\nRUN go build -o /orders ./cmd/orders\n' + REST
    (found,) = compilations.compilations(read({**MAIN, "Dockerfile": image}))
    assert (found.flag("trimpath"), found.tags, found.unclear) == ("true", frozenset({"netgo"}), False)


def test_builds_of_globs_belong_to_their_directory(read: Read) -> None:
    repository = read({**MAIN, "Makefile": "build:\n\tgo build -o orders cmd/orders/*.go\nall:\n\tgo build -o orders cmd/orders/*\n"})
    assert [c.mains for c in compilations.compilations(repository)] == [("cmd/orders",), ("cmd/orders",)]


def test_pattern_rules_build_what_they_are_asked_for(read: Read) -> None:
    repository = read(
        {**MAIN, "Makefile": "all: build-orders\nbuild-%:\n\tgo build -o bin/$* ./cmd/$*\n", "ci.sh": "#!/bin/sh\nmake all\n"}
    )
    assert {(c.mains, c.go.flag("o")) for c in compilations.compilations(repository) if c.origin == "script"} == {
        (("cmd/orders",), "bin/orders")
    }


def test_the_image_says_which_go_builds_a_service(read: Read) -> None:
    image = "FROM golang:1.25.1 AS base\nFROM base AS build\nCOPY . .\nRUN go build -o /orders ./cmd/orders\n"
    repository = read({**MAIN, "Dockerfile": image + REST.replace("from=0", "from=build")})
    used = compilations.builds_with(repository, repository.services[0])
    assert used is not None and (used.version, used.at.line) == ((1, 25, 1), 1)


def test_reads_the_go_of_a_local_action(read: Read) -> None:
    action = (
        "runs:\n  using: composite\n  steps:\n    - uses: actions/setup-go@v5\n      with:\n        go-version: ${{ inputs.go }}\n"
        "inputs:\n  go:\n    default: '1.22'\n"
    )
    job = JOB + "      - uses: ./.github/actions/go\n        with:\n          go: '1.23'\n      - run: go test ./...\n"
    repository = read({**MAIN, ".github/actions/go/action.yml": action, ".github/workflows/ci.yml": job})
    (pipeline,) = [p for p in repository.pipelines if p.kind == "github"]
    found = [(u.version, u.at.path, u.at.line) for _, u in goversions.in_pipeline(repository, pipeline)]
    assert found == [((1, 23, -1), ".github/workflows/ci.yml", 6)]


def test_jobs_are_followed_through_make_and_scripts(read: Read) -> None:
    tree = {
        **MAIN,
        "Makefile": "test: unit\n\t./scripts/test.sh\nunit:\n\tgotestsum --format dots -- -race ./...\n",
        "scripts/test.sh": "#!/bin/sh\ngo test -tags e2e ./...\n",
        ".github/workflows/ci.yml": JOB + "      - run: make test\n",
    }
    found = [r for r in jobs.ran(read(tree)) if r.verb == "test"]
    assert [(r.at.path, r.outer.line, r.flag("race"), r.flag("tags")) for r in found] == [
        ("scripts/test.sh", 6, None, "e2e"),
        ("Makefile", 6, "true", None),
    ]


@pytest.mark.parametrize(
    ("base", "kind", "version"),
    [
        ("golang:1.24", "glibc", 2.36),
        ("golang:1.24-bullseye", "glibc", 2.31),
        ("golang:1.24-alpine3.20", "musl", 0.0),
        ("alpine", "musl", 0.0),
        ("scratch", "none", 0.0),
        ("gcr.io/distroless/static-debian12:nonroot", "none", 0.0),
        ("gcr.io/distroless/base-debian11", "glibc", 2.31),
        ("ubuntu:20.04", "glibc", 2.31),
        ("debian:12-slim", "glibc", 2.36),
    ],
)
def test_knows_the_c_library_of_well_known_images(base: str, kind: str, version: float) -> None:
    assert libc.of_image(base) == libc.Libc(kind, version)


@pytest.mark.parametrize("base", ["frolvlad/alpine-glibc", "busybox", "registry.example.com/base:1", "$BASE"])
def test_does_not_guess_the_c_library_of_other_images(base: str) -> None:
    assert libc.of_image(base) is None


def test_goprivate_matches_whole_path_elements() -> None:
    assert privacy.covers("github.com/acme/*", "github.com/acme/lib/sub")
    assert privacy.covers("*.corp.example", "git.corp.example/a/b")
    assert not privacy.covers("github.com/acme", "github.com/acmelib/x")
    assert not privacy.covers("github.com/acme/lib", "github.com/acme")


def test_go_env_writes_settings() -> None:
    assert written(Command(("go", "env", "-w", "GOPRIVATE=git.acme.example", "GOSUMDB=off"), 1)) == {
        "GOPRIVATE": "git.acme.example",
        "GOSUMDB": "off",
    }
    assert written(Command(("go", "env", "GOPRIVATE"), 1)) == {}


def test_wrappers_of_the_go_command_are_taken_off() -> None:
    command = parse(Command(("env", "CGO_ENABLED=0", "timeout", "-k", "5", "30", "go", "-C", "sub", "build", "-o", "x", "./cmd/orders"), 1))
    assert command is not None and (command.variables["CGO_ENABLED"], command.directory, command.packages) == (
        "0",
        "sub",
        ("./cmd/orders",),
    )
    assert parse(Command(("gofmt", "-l", "."), 1)) is None
