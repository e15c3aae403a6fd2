"""The function behind a route, and which outside systems it asks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.gotext import CHAIN, called
from steadygo.facts.gotyping import path_of
from steadygo.facts.routes import Route
from steadygo.findings import Place

_ASKS = re.compile(
    r"(?:database/sql\.(?:DB|Conn|Tx|Stmt)\.(?:Ping|Query|Exec)\w*|github\.com/jmoiron/sqlx\.DB\.(?:Ping|Get|Select|Query|Exec)\w*"
    r"|github\.com/jackc/pgx/v\d/pgxpool\.Pool\.(?:Ping|Query|Exec)\w*|.*redis.*\.(?:Cluster|Universal)?Client\.(?:Ping|Get|Set)"
    r"|.*mongo\.Client\.Ping|net/http\.(?:Get|Post|Head)|net/http\.Client\.(?:Do|Get|Head|Post)|.*clientv3\.Client\.(?:Get|Status)"
    r"|.*client/v3\.Client\.(?:Get|Status)|.*nats\.go\.Conn\.(?:Flush|Request)\w*|net\.Dial(?:Timeout)?)\Z"
)
_PING = re.compile(r"\.Ping(?:Context)?\Z")
_STEPS = 4


@dataclass(frozen=True)
class Body:
    """A handler's body: a block of a file."""

    file: GoFile
    block: int
    at: Place


def body_of(code: GoCode, route: Route) -> Body | None:
    """The body of a route's handler; None when it is not a function of this repository that can be told."""
    return _body(code, route.file, route.handler, route, 3)


def _body(code: GoCode, file: GoFile, text: str, route: Route, steps: int) -> Body | None:
    text = text.strip()
    if text.startswith(("func(", "func (")):
        closures = [f for f in file.functions if not f.name and file.blocks[f.block].parent == route.block and f.line >= route.at.line]
        first = min(closures, key=lambda f: (f.line, f.column), default=None)
        return (
            Body(file, first.block, Place(file.path, first.line, first.column))
            if first is not None and first.line <= route.at.line + 1
            else None
        )
    if CHAIN.match(text):
        found = _declared(code, file, text, route.block)
        return Body(found[0], found[1].block, Place(found[0].path, found[1].line, found[1].column)) if found else None
    call = called(text)
    if call is None or steps == 0:
        return None
    if call[0] in ("http.HandlerFunc", "gin.HandlerFunc", "echo.HandlerFunc") and call[1]:
        return _body(code, file, call[1][0], route, steps - 1)
    declared = _declared(code, file, call[0], route.block)
    if declared is not None:  # a function that returns the handler
        other, function = declared
        inner = [f for f in other.functions if not f.name and code.inside(other, f.block, function.block)]
        if len(inner) == 1:
            return Body(other, inner[0].block, Place(other.path, inner[0].line, inner[0].column))
    return None


def _declared(code: GoCode, file: GoFile, text: str, block: int) -> tuple[GoFile, Function] | None:
    receiver, _, name = text.rpartition(".")
    package = code.packages[file.directory]
    if not receiver:
        found = package.functions.get(name, [])
    elif "." not in receiver and (path := path_of(file, receiver)):
        other = code.package_of(path)
        found = other.functions.get(name, []) if other is not None else []
    else:
        found = code.callees(file, Call(f".{name}", 1, 1, block, (), receiver))
    return found[0] if len(found) == 1 else None


def asks(code: GoCode, body: Body) -> tuple[GoFile, Call] | None:
    """The first call in a handler, or in what it calls, that asks a database, a cache or another service."""
    return _asks(code, body.file, body.block, _STEPS, set())


def _asks(code: GoCode, file: GoFile, block: int, steps: int, seen: set[tuple[str, int]]) -> tuple[GoFile, Call] | None:
    if steps == 0 or (file.path, block) in seen:
        return None
    seen.add((file.path, block))
    inner: list[Call] = []
    for call in file.calls:
        if not code.inside(file, call.block, block):
            continue
        full = code.resolved(file, call)
        if _ASKS.match(full.name) or (_PING.search(full.name) and full.receiver):
            return file, call
        inner.append(call)
    for call in inner:
        for other, function in code.callees(file, call)[:2]:
            found = _asks(code, other, function.block, steps - 1, seen)
            if found is not None:
                return found
    return None


def calls_in(code: GoCode, body: Body) -> list[Call]:
    """The calls in a handler's own body."""
    return [c for c in body.file.calls if code.inside(body.file, c.block, body.block)]
