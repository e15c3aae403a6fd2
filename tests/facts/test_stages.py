"""Which stages of a Dockerfile ship, and which service is the container that names one of them."""

from __future__ import annotations

from collections.abc import Mapping

from steadygo.facts.artefact import Artefact
from steadygo.facts.repository import Repository
from steadygo.facts.settings import Settings
from steadygo.read.dispatch import read_artefacts
from steadygo.read.recognise import recognise
from steadygo.scan.assemble import assemble

_DOCKERFILE = """FROM golang:1.25 AS build
RUN go build -o /out/ ./cmd/...
FROM scratch AS hub
COPY --from=build /out/hub /hub
ENTRYPOINT ["/hub"]
FROM build AS dev
CMD ["/out/worker", "-reload"]
FROM scratch AS worker
COPY --from=build /out/worker /worker
ENTRYPOINT ["/worker"]
"""
_TREE = {
    "go.mod": "module example.com/shop\n\ngo 1.25\n",
    "cmd/hub/main.go": "package main\n\nfunc main() {}\n",
    "cmd/worker/main.go": "package main\n\nfunc main() {}\n",
    "Dockerfile": _DOCKERFILE,
}


def _linked(tree: Mapping[str, str]) -> Repository:
    artefacts: list[Artefact] = []
    for path, text in sorted(tree.items()):
        kind = recognise(path, text.encode(), frozenset(tree))
        artefacts += read_artefacts(path, text.encode(), kind) if kind else ()
    return assemble("shop", Settings(), artefacts, (), frozenset(tree))


def _stages(repository: Repository) -> dict[str, list[str]]:
    return {s.name: [i.final.name for i in s.images] for s in repository.services}


def _containers(repository: Repository) -> dict[str, list[str]]:
    return {s.name: [r.container.name for r in s.running] for s in repository.services}


def test_ships_each_target_with_the_program_that_it_starts() -> None:
    assert _stages(_linked(_TREE)) == {"hub": ["hub"], "worker": ["worker"]}


def test_joins_a_compose_service_with_the_target_that_it_builds() -> None:
    text = "services:\n  a:\n    build: {context: ., target: hub}\n  b:\n    build: {context: ., target: worker}\n"
    assert _containers(_linked({**_TREE, "compose.yaml": text})) == {"hub": ["a"], "worker": ["b"]}


def test_joins_a_container_with_the_target_that_its_image_is_called() -> None:
    text = "on: push\njobs:\n  image:\n    runs-on: ubuntu-24.04\n    steps:\n"
    text += "".join(f"      - run: docker build --target {n} -t example.com/{n}:1 .\n" for n in ("hub", "worker"))
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - {name: main, image: example.com/hub:1}\n"
    found = _containers(_linked({**_TREE, ".github/workflows/ci.yml": text, "deploy/pod.yaml": pod}))
    assert found == {"hub": ["main"], "worker": []}
