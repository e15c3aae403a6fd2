"""Which service a contract belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygo.facts import contracted
from steadygo.facts.repository import Repository
from steadygo.facts.settings import Settings
from steadygo.scan.assemble import assemble, decode
from steadygo.scan.discover import discover
from steadygo.scan.reading import read_all

_MAIN = """package main

import "net/http"

func main() {
	http.HandleFunc("POST /orders", nil)
	http.HandleFunc("GET /orders/{id}", nil)
	http.ListenAndServe(":8080", nil)
}
"""
_PATHS = "paths:\n  /orders:\n    post: {}\n  /orders/{order}:\n    get: {}\n"


def repository(folder: Path, contract: str, where: str = "api/openapi.yaml") -> Repository:
    for path, text in {"go.mod": "module example.com/orders\n", "main.go": _MAIN, where: f"openapi: 3.0.3\n{contract}"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    found = discover(folder, Settings(), lambda path, signature: None)
    reads = read_all(folder, found.files, frozenset(), lambda done, total: None)
    artefacts, _ = decode([(r.path, r.facts) for r in reads])
    return assemble(folder.name, Settings(), artefacts, found.unread, frozenset(found.paths))


@pytest.mark.parametrize("servers", ["", "servers: [{url: /api/v1}]\n"])
def test_a_contract_belongs_to_the_service_that_serves_it(tmp_path: Path, servers: str) -> None:
    (joined,) = contracted.of(repository(tmp_path, servers + _PATHS))
    assert joined.kept == 2
    assert [p.served for p in joined.promises] == [True, True]


def test_an_operation_that_is_missing_is_known_to_be(tmp_path: Path) -> None:
    (joined,) = contracted.of(repository(tmp_path, _PATHS + "    delete: {}\n"))
    assert [p.served for p in joined.promises] == [True, True, False]


def test_a_contract_of_somebody_else_belongs_to_none(tmp_path: Path) -> None:
    assert contracted.of(repository(tmp_path, _PATHS.replace("/orders", "/charges"))) == ()


@pytest.mark.parametrize(("where", "number"), [("docs/openapi.yaml", 1), ("testdata/openapi.yaml", 0)])
def test_a_contract_may_stand_in_docs_but_not_in_tests(tmp_path: Path, where: str, number: int) -> None:
    assert len(contracted.of(repository(tmp_path, _PATHS, where))) == number
