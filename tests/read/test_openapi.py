"""OpenAPI documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.contracts import Operation
from steadygo.facts.place import Text
from steadygo.read.openapi import read

DOCUMENT = b"""openapi: 3.0.3
servers:
  - url: https://{host}.example.com/{version}
    variables:
      version: {default: v1}
paths:
  x-note: ignored
  /orders:
    parameters: []
    get:
      operationId: listOrders
    post:
      operationId: createOrder
      x-breakpoint-id: BP-07
  /orders/{id}:
    $ref: '#/components/pathItems/order'
  /alias:
    $ref: '#/paths/~1orders'
  /other:
    $ref: other.yaml#/x
  /special:
    servers: [{url: /special}]
    x-breakpoint-id: BP-08
    get: {}
  broken: {}
components:
  pathItems:
    order:
      DELETE: {}
"""


def test_reads_operations_with_their_places() -> None:
    contract = read("api.yaml", DOCUMENT)
    assert (contract.version, contract.base) == ("3.0.3", "/v1")
    assert contract.operations == (
        Operation("GET", "/v1/orders", 10, "listOrders"),
        Operation("POST", "/v1/orders", 12, "createOrder", Text("BP-07", 14, 24)),
        Operation("DELETE", "/v1/orders/{id}", 29),
        Operation("GET", "/v1/alias", 10, "listOrders"),
        Operation("POST", "/v1/alias", 12, "createOrder", Text("BP-07", 14, 24)),
        Operation("GET", "/special/special", 24, "", Text("BP-08", 23, 22)),
    )
    assert [gap.line for gap in contract.gaps] == [20, 25]


def test_reads_swagger_2_in_json() -> None:
    contract = read("api.json", b'{\n"swagger": "2.0", "basePath": "/api/",\n"paths": {"/a": {\n"get": {"operationId": "a"}}}}')
    assert (contract.version, contract.base) == ("2.0", "/api")
    assert contract.operations == (Operation("GET", "/api/a", 4, "a"),)


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        ("[]", ""),
        ("[{url: /}]", ""),
        ("[{url: /v2/}]", "/v2"),
        ("[{url: 'http://localhost:8080'}]", ""),
        ("[{url: 'http://a/v1'}, {url: 'http://b/v1'}]", "/v1"),
        ("[{url: '//a/v1?x=/y'}]", "/v1"),
    ],
)
def test_takes_the_base_path_of_servers(servers: str, base: str) -> None:
    contract = read("api.yaml", f"openapi: 3.1.0\nservers: {servers}\npaths: {{/a: {{get: {{}}}}}}\n".encode())
    assert (contract.base, contract.operations[0].path) == (base, f"{base}/a")


def test_servers_that_differ_give_no_path() -> None:
    contract = read("api.yaml", b"openapi: 3.1.0\nservers: [{url: /v1}, {url: /v2}]\npaths: {/a: {get: {}}}\n")
    assert (contract.base, contract.operations[0].path, len(contract.gaps)) == ("/v1", "/a", 1)


def test_a_reference_to_itself_ends() -> None:
    assert read("api.yaml", b"openapi: 3.0.0\npaths:\n  /a:\n    $ref: '#/paths/~1a'\n    get: {}\n").operations == (
        Operation("GET", "/a", 5),
    )


@given(st.binary(), st.data())
def test_never_raises(part: bytes, data: st.DataObject) -> None:
    read("api.yaml", part)
    position = data.draw(st.integers(0, len(DOCUMENT)))
    read("api.yaml", DOCUMENT[:position] + part[:6] + DOCUMENT[position + len(part[:6]) :])
