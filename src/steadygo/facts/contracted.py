"""Which service an OpenAPI document describes: the one whose routes answer its operations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from steadygo.facts import routes
from steadygo.facts.contracts import Contract, Operation
from steadygo.facts.repository import Repository, Service
from steadygo.facts.roles import aside
from steadygo.facts.routes import Route, shape


@dataclass(frozen=True)
class Promise:
    """An operation and the path at which its service would serve it. `served` None: a part of the routes was not seen."""

    operation: Operation
    path: str  # shape: every parameter is {}
    served: bool | None
    route: Route | None  # the route that answers exactly this method and shape


@dataclass(frozen=True)
class Contracted:
    """A contract with the service that serves at least half of it (a third when there is only one of each). `routes` are the service's."""

    contract: Contract
    service: Service
    routes: tuple[Route, ...]
    promises: tuple[Promise, ...]

    @property
    def kept(self) -> int:
        return sum(p.route is not None for p in self.promises)


def of(facts: Repository) -> tuple[Contracted, ...]:
    """Every contract that could be joined with a service, made once."""
    known = facts.go.memo.get("contracted")
    if known is None:
        known = facts.go.memo["contracted"] = tuple(_joined(facts))
    return cast("tuple[Contracted, ...]", known)


def _joined(facts: Repository) -> Iterable[Contracted]:
    if not facts.contracts:
        return
    view = routes.of(facts.go)
    services = [(s, tuple(view.of(s))) for s in facts.services if s.main is not None]
    for contract in facts.contracts:
        if not contract.operations or _is_example(contract.path):
            continue
        found = [_compared(contract, service, registered) for service, registered in services if registered]
        found.sort(key=lambda c: (-c.kept, c.service.tool, len(c.routes)))
        enough = 3 if len(facts.contracts) == len(found) == 1 else 2
        if found and found[0].kept and enough * found[0].kept >= len(contract.operations):
            yield found[0]


def _is_example(path: str) -> bool:
    """Whether the document belongs to a test or an example. Documents of a service often stand in docs/."""
    return aside("/".join(part for part in path.split("/") if part not in ("doc", "docs", "documentation")))


def _compared(contract: Contract, service: Service, registered: tuple[Route, ...]) -> Contracted:
    """A base path may be the proxy's: the reading under which more operations are served counts."""
    best: Contracted | None = None
    for cut in dict.fromkeys(("", contract.base)):
        promises = tuple(_promise(o, o.path.removeprefix(cut) or "/", registered) for o in contract.operations)
        found = Contracted(contract, service, registered, promises)
        if best is None or found.kept > best.kept:
            best = found
    assert best is not None
    return best


def _promise(operation: Operation, path: str, registered: tuple[Route, ...]) -> Promise:
    wanted = shape(path)
    exact = next((r for r in registered if r.whole and r.method in (operation.method, "") and shape(r.path) == wanted), None)
    if exact is not None:
        return Promise(operation, wanted, True, exact)
    example = wanted.replace("{}", "x")
    answers = [r.serves(example, operation.method) for r in registered]
    return Promise(operation, wanted, True if True in answers else None if None in answers else False, None)
