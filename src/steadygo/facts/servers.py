"""Every server that Go code starts: where it listens, as far as constants, flags and environment show it, and which router it serves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from steadygo.facts import goinputs, routers
from steadygo.facts.go import Call, Composite, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.goinputs import Input
from steadygo.facts.repository import Service
from steadygo.facts.routers import DEFAULT
from steadygo.facts.runtimes import Runtime
from steadygo.facts.starting import container_words, start_words
from steadygo.facts.units import exec_words
from steadygo.findings import Place

_PORT = re.compile(r"(?:^|[:\]])(\d{1,5})/?\Z")
_NAMED = {"http": 80, "https": 443}
_LOOPBACK = re.compile(r"(?:\w+://)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::|\Z)")
_PLAIN = ("net/http.ListenAndServe", "net/http.ListenAndServeTLS")
_LISTEN = ("net.Listen", "crypto/tls.Listen", "net.ListenConfig.Listen")
_FRAMEWORKS = re.compile(
    r"(?:github\.com/gin-gonic/gin\.Engine\.Run(?:TLS)?|github\.com/labstack/echo(?:/v\d)?\.Echo\.Start(?:TLS|Server)?"
    r"|github\.com/gofiber/fiber(?:/v\d)?\.App\.Listen)\Z"
)


@dataclass(frozen=True)
class Server:
    """kind: http (net/http), framework (gin, echo, fiber), listener (net.Listen whose use was not seen: gRPC and others).

    `address` is what it may listen on; `roots` are its routers (facts/routes.py), empty when not seen. `fields` are http.Server's.
    `variable` is what holds it ("srv", "s.http"), "" when nothing does.
    """

    kind: str
    file: GoFile
    block: int
    at: Place
    address: Input
    roots: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    variable: str = ""
    wrapped: bool = False  # given to a function that may set more of its fields

    @property
    def loopback(self) -> bool:
        """Whether it listens on this host only, as far as known."""
        return bool(self.address.texts) and all(_LOOPBACK.match(t) for t in self.address.texts if t)

    def ports(self, runtime: Runtime | None = None, words: tuple[str, ...] = ()) -> frozenset[int] | None:
        """Ports it may listen on in `runtime`, started with `words`; None when that was not seen."""
        flagged = [w for f in self.address.flags for w in flag_values(words, f)]
        if flagged:
            return _ports(flagged)
        given = [runtime.variables[v] for v in self.address.variables if v in runtime.variables] if runtime is not None else []
        if given:
            return _ports([g.value for g in given]) if all(g.value is not None for g in given) else None
        if self.address.variables and runtime is not None and not runtime.complete:
            return None
        if not self.address.whole:
            return None
        return _ports([t for t in self.address.texts if t] or [None])


def port_of(address: str) -> int | None:
    """The port of `:8080`, `host:8080`, `8080`, `:http`."""
    found = _PORT.search(address.strip().removesuffix("/"))
    if found is not None and int(found[1]) < 65536:
        return int(found[1])
    return _NAMED.get(address.rpartition(":")[2])


def _ports(texts: Sequence[str | None]) -> frozenset[int] | None:
    """A host that is given apart from the port is left out."""
    found = [port_of(t) if t else None for t in texts]
    if any(p is not None for p in found):
        found = [p for p, t in zip(found, texts, strict=True) if p is not None or not t or ":" in t.strip(":")]
    return frozenset(p for p in found if p is not None) if found and None not in found else None


def flag_values(words: tuple[str, ...], name: str) -> list[str]:
    """Values of a flag on a command line."""
    found: list[str] = []
    for at, word in enumerate(words):
        if word in (f"-{name}", f"--{name}") and at + 1 < len(words):
            found.append(words[at + 1])
        elif word.startswith((f"-{name}=", f"--{name}=")):
            found.append(word.partition("=")[2])
    return found


def words_of(service: Service, runtime: Runtime) -> tuple[str, ...]:
    """The words that the program is started with in `runtime`."""
    if runtime.unit is not None:
        start = runtime.unit.find("Service", "ExecStart")
        return exec_words(start.value)[1] if start is not None else ()
    image = service.images[0] if len(service.images) == 1 else None
    if runtime.running is None:
        return tuple(part for word in (start_words(image) if image else ()) for part in word.split())
    return tuple(part for word in container_words(runtime.running.container, image) for part in word.split())


class Servers:
    """All servers of one repository, tests left out. Get it with `of(code)`."""

    def __init__(self, code: GoCode) -> None:
        self._code = code
        self._inputs = goinputs.of(code)
        self._routers = routers.of(code)
        self._listens = [(f, c) for f, c in code.calls(*_LISTEN)]
        used: set[tuple[str, int, int]] = set()
        found: list[Server] = []
        for file, composite in code.composites("net/http.Server"):
            found.append(self._composite(file, composite, used))
        for file, call in code.calls(*_PLAIN):
            handler = call.args[-1] if call.args else "nil"
            found.append(self._made("http", file, call, call.args[0] if call.args else '""', self._roots(file, handler, call.block)))
        for file, call in code.calls("net/http.Serve", "net/http.ServeTLS"):
            address = self._listener(file, call.args[0], call.block, used) if call.args else Input(whole=False)
            handler = call.args[1] if len(call.args) > 1 else "nil"
            found.append(Server("http", file, call.block, file.at(call), address, self._roots(file, handler, call.block)))
        for name in (".Run", ".RunTLS", ".Start", ".StartTLS", ".StartServer", ".Listen"):
            for file, call in code.calls(name):
                if _FRAMEWORKS.match(call.name):
                    where = call.args[0] if call.args else '":8080"'
                    found.append(self._made("framework", file, call, where, self._roots(file, call.receiver, call.block)))
        for file, call in self._listens:
            if (file.path, call.line, call.column) not in used:
                found.append(self._made("listener", file, call, _address_of(call), ()))
        self.all: tuple[Server, ...] = tuple(found)

    def of(self, service: Service) -> list[Server]:
        """Servers in functions that the service's binary may run."""
        if service.main is None:
            return []
        mine = [s for s in self.all if service.has(s.file.directory)]
        reached = self._code.reachable_functions(service.main) if mine else frozenset[tuple[str, int]]()
        return [s for s in mine if self._runs(s, reached)]

    def _runs(self, server: Server, reached: frozenset[tuple[str, int]]) -> bool:
        function = self._code.declared_function_at(server.file, server.block)
        return function is None or (server.file.path, function.block) in reached

    def _made(self, kind: str, file: GoFile, call: Call, address: str, roots: tuple[str, ...]) -> Server:
        return Server(kind, file, call.block, file.at(call), self._inputs.follow(file, address, call.block), roots)

    def _roots(self, file: GoFile, handler: str, block: int) -> tuple[str, ...]:
        if handler in ("", "nil"):
            return (DEFAULT,)
        return tuple(dict.fromkeys(m.root for m in self._routers.follow(file, handler, block)))

    def _composite(self, file: GoFile, composite: Composite, used: set[tuple[str, int, int]]) -> Server:
        fields = dict(composite.fields)
        variable = composite.results[0] if composite.results else ""
        if variable:
            for assignment in file.assignments:
                for name, value in zip(assignment.names, assignment.values, strict=False):
                    if name.startswith(f"{variable}.") and assignment.operator == "=":
                        fields.setdefault(name.removeprefix(f"{variable}."), value)
        if "Addr" in fields:
            address = self._inputs.follow(file, fields["Addr"], composite.block)
        else:
            serves = [
                c for c in file.calls if c.name.endswith((".Serve", ".ServeTLS")) and variable and _same(c.receiver, variable) and c.args
            ]
            address = self._listener(file, serves[0].args[0], serves[0].block, used) if serves else Input(whole=False)
        roots = self._roots(file, fields.get("Handler", "nil"), composite.block)
        place = (composite.line, composite.column)
        wrapped = any(
            c.block == composite.block
            and (c.line, c.column) < place
            and any(a.startswith(("&http.Server{", "http.Server{")) for a in c.args)
            for c in file.calls
            if composite.line - 2 <= c.line <= composite.line
        )
        return Server("http", file, composite.block, file.at(composite), address, roots, tuple(fields.items()), variable, wrapped)

    def _listener(self, file: GoFile, text: str, block: int, used: set[tuple[str, int, int]]) -> Input:
        """The address of the net.Listen that gave `text`."""
        for other, call in self._listens:
            if other is file and call.results and call.results[0] == text:
                used.add((other.path, call.line, call.column))
                return self._inputs.follow(other, _address_of(call), call.block)
        return Input(whole=False)


def _address_of(call: Call) -> str:
    at = 2 if call.name.endswith("ListenConfig.Listen") else 1
    return call.args[at] if len(call.args) > at else ""


def _same(receiver: str, variable: str) -> bool:
    return receiver == variable or receiver.rpartition(".")[2] == variable.rpartition(".")[2] != ""


def of(code: GoCode) -> Servers:
    """The view over `code`, made once."""
    found = code.memo.get("servers")
    if not isinstance(found, Servers):
        found = code.memo["servers"] = Servers(code)
    return found
