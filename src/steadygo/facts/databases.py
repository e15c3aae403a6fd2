"""Pools of database/sql connections: where each is opened and what bounds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository, Service

_SQLX = "github.com/jmoiron/sqlx"
_OPENERS = {
    "database/sql.Open": 0,
    "database/sql.OpenDB": -1,
    "github.com/jackc/pgx/v4/stdlib.OpenDB": -1,
    "github.com/jackc/pgx/v5/stdlib.OpenDB": -1,
    f"{_SQLX}.Open": 0,
    f"{_SQLX}.MustOpen": 0,
    f"{_SQLX}.Connect": 0,
    f"{_SQLX}.MustConnect": 0,
    f"{_SQLX}.ConnectContext": 1,
    "github.com/XSAM/otelsql.Open": 0,
    "go.nhat.io/otelsql.Open": 0,
    "gorm.io/gorm.Open": -1,
}
_BOUNDS = ("SetMaxOpenConns", "SetMaxIdleConns", "SetConnMaxLifetime", "SetConnMaxIdleTime")
_EMBEDDED = ("sqlite", "duckdb", "ramsql", "sqlmock", "txdb", "chai")
_SERVING = (
    "net/http.ListenAndServe", "net/http.ListenAndServeTLS", "net/http.Serve", "net/http.Server.ListenAndServe",
    "net/http.Server.ListenAndServeTLS", "net/http.Server.Serve", "net/http.Server.ServeTLS", "google.golang.org/grpc.Server.Serve",
    "github.com/gin-gonic/gin.Engine.Run", "github.com/gin-gonic/gin.Engine.RunTLS", "github.com/labstack/echo.Echo.Start",
    "github.com/labstack/echo/v4.Echo.Start", "github.com/labstack/echo/v5.Echo.Start", "github.com/gofiber/fiber/v2.App.Listen",
    "github.com/gofiber/fiber/v3.App.Listen", "github.com/valyala/fasthttp.ListenAndServe", "net.Listener.Accept",
)  # fmt: skip


@dataclass(frozen=True)
class Pool:
    """A pool that a shipped service opens. `limit` is SetMaxOpenConns where its number folds; calls are (file, call) by method name.

    `escapes`: the raw pool is returned or handed on, so that other packages may set its bounds.
    """

    file: GoFile
    opened: Call
    function: Function | None
    service: Service
    bounds: dict[str, tuple[GoFile, Call]]
    limit: float | None = None
    escapes: bool = False

    @property
    def name(self) -> str:
        """The variable that holds it, "the pool" when none does."""
        return next((r for r in self.opened.results if r not in ("_", "err")), "the pool")


def serving(facts: Repository, service: Service) -> bool:
    """Whether the service's binary accepts connections: it lives long and in more than one goroutine."""
    if service.main is None:
        return False
    known = cast("dict[str, bool]", facts.go.memo.setdefault("serving", {}))
    found = known.get(service.main)
    if found is None:
        reached = facts.go.reachable_functions(service.main)
        found = known[service.main] = any(
            service.has(file.directory) and _reached(facts, file, call, reached) for file, call in facts.go.calls(*_SERVING)
        )
    return found


def pools(facts: Repository) -> list[Pool]:
    """Every pool of a server database that a shipped service opens; embedded databases (SQLite …) are left out."""
    known = facts.go.memo.get("pools")
    if known is None:
        known = facts.go.memo["pools"] = list(_all(facts))
    return cast("list[Pool]", known)


def _all(facts: Repository) -> Iterator[Pool]:
    for service in facts.services:
        if service.main is None or service.tool:
            continue
        opened = [(f, c) for f, c in facts.go.calls(*_OPENERS) if service.has(f.directory) and not f.generated]
        if not opened:
            continue
        reached = facts.go.reachable_functions(service.main)
        bounds = [(f, c) for f, c in facts.go.calls(*(f".{name}" for name in _BOUNDS)) if service.has(f.directory)]
        for file, call in opened:
            if _reached(facts, file, call, reached) and not _embedded(facts, file, call, service):
                yield _pool(facts, file, call, service, bounds)


def _reached(facts: Repository, file: GoFile, call: Call, reached: frozenset[tuple[str, int]]) -> bool:
    function = facts.go.declared_function_at(file, call.block)
    return function is None or (file.path, function.block) in reached


def _embedded(facts: Repository, file: GoFile, call: Call, service: Service) -> bool:
    """Whether the driver is known to keep its data in the process or a file, or no other driver is imported by the service."""
    at = _OPENERS[call.name]
    text = ""
    if 0 <= at < len(call.args):
        text = facts.go.text(file, call.args[at], call.block) or ""
    elif call.args:
        text = call.args[0]
    if text:
        return any(word in text.lower() for word in _EMBEDDED)
    drivers = {i.path for d in service.packages for f in facts.go.packages[d].files for i in f.imports if _is_driver(i.path)}
    return bool(drivers) and all(any(word in path.lower() for word in _EMBEDDED) for path in drivers)


def _is_driver(path: str) -> bool:
    words = (
        *_EMBEDDED,
        "lib/pq",
        "jackc/pgx",
        "go-sql-driver/mysql",
        "go-mssqldb",
        "godror",
        "clickhouse",
        "postgres",
        "mysql",
        "sqlserver",
    )
    return any(word in path.lower() for word in words) and "." in path.partition("/")[0]


def _pool(facts: Repository, file: GoFile, call: Call, service: Service, bounds: list[tuple[GoFile, Call]]) -> Pool:
    function = facts.go.declared_function_at(file, call.block)
    escapes = _escapes(facts, file, call, function)
    mine: dict[str, tuple[GoFile, Call]] = {}
    for f, c in bounds:
        same = function is not None and f is file and facts.go.declared_function_at(f, c.block) is function
        if same or escapes or f.directory == file.directory:
            name = c.name.rpartition(".")[2]
            if same or name not in mine:
                mine[name] = (f, c)
    limit = None
    if "SetMaxOpenConns" in mine:
        f, c = mine["SetMaxOpenConns"]
        limit = facts.go.number(f, c.args[0], c.block) if c.args else None
    return Pool(file, call, function, service, mine, limit, escapes)


def _escapes(facts: Repository, file: GoFile, call: Call, function: Function | None) -> bool:
    if function is None or call.use in ("return", "argument") or not call.results or "gorm" in call.name:
        return True
    name = call.results[0]
    if "." in name or any("sql.DB" in r or "sqlx.DB" in r for r in function.results):
        return True
    view = body(facts.go, file)
    if any(name in c.args for c in view.calls(function.block) if c.name not in ("len", "new")):
        return True
    package = facts.go.packages[file.directory]
    for composite in view.composites(function.block):
        for field, text in composite.fields:
            if text == name and (not field or field[0].isupper() or "." in composite.type):
                return True
    return name in package.declarations
