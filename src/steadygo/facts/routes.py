"""Every HTTP route that Go code registers: net/http, gorilla/mux, chi, gin, echo, fiber, httprouter, prometheus/common/route.

Prefixes of groups, sub-routers and mounts are folded in. A path of which a part could not be seen holds UNKNOWN and is not `whole`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from steadygo.facts import routers
from steadygo.facts.go import Call, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.gotext import called, last_part
from steadygo.facts.repository import Service
from steadygo.facts.routers import UNKNOWN, Mounted, join
from steadygo.findings import Place

_UPPER = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}
_TITLE = {m.capitalize(): m for m in _UPPER} | {"Del": "DELETE"}
_ANY = {
    "Any",
    "All",
    "Handle",
    "HandleFunc",
    "Handler",
    "HandlerFunc",
    "Mount",
    "Static",
    "StaticFS",
    "StaticFile",
    "StaticFileFS",
    "File",
    "ServeFiles",
}
_WITH_METHOD = {"Method", "MethodFunc", "Add", "Match"}
_SUBTREE = {"Mount", "Static", "StaticFS", "ServeFiles", "PathPrefix"}
_PATTERN = re.compile(r"(?:([A-Z]+)\s+)?([^/\s]*)(/.*)?\Z", re.DOTALL)
_PARAMETER = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|:\w+(?:\([^)]*\))?|<[^>]*>")
_SERVE_MUX = ("net/http.Handle", "net/http.HandleFunc", "net/http.ServeMux.Handle", "net/http.ServeMux.HandleFunc")
_LIBRARIES = (
    "github.com/gorilla/mux", "github.com/go-chi/chi", "github.com/gin-gonic/gin", "github.com/labstack/echo", "github.com/gofiber/fiber",
    "github.com/julienschmidt/httprouter", "github.com/prometheus/common/route", "github.com/bmizerany/pat",
)  # fmt: skip


@dataclass(frozen=True)
class Route:
    """`method` "" is any. `path` as registered, prefixes in front. `subtree`: everything below is served too. `roots` name the router.

    A path that depends on a setting gives several routes at one place: only the first of them, with the default, is `whole`.
    """

    method: str
    path: str
    at: Place
    handler: str
    roots: tuple[str, ...]
    whole: bool
    subtree: bool
    file: GoFile
    block: int

    def serves(self, path: str, method: str = "GET") -> bool | None:
        """Whether a request is served; None when a part of the route was not seen and the rest fits."""
        if self.method and self.method != method and not (self.method == "GET" and method == "HEAD"):
            return False
        if self.whole:
            return matches(self.path, path, self.subtree)
        if UNKNOWN not in self.path:
            return None if matches(self.path, path, self.subtree) else False
        known = self.path.rpartition(UNKNOWN)[2]
        if not known.strip("/") or self.subtree:
            return None
        tail = [s for s in known.split("/") if s]
        asked = [s for s in path.split("/") if s][-len(tail) :]
        return None if len(asked) == len(tail) and all(_fits(p, s) for p, s in zip(tail, asked, strict=True)) else False


def matches(pattern: str, path: str, subtree: bool = False) -> bool:
    """Whether `path` (no parameters) fits a route's pattern. A trailing slash makes no difference but for subtrees."""
    wanted = [s for s in pattern.split("/") if s]
    asked = [s for s in path.split("?")[0].split("/") if s]
    for index, part in enumerate(wanted):
        if part == "{$}":
            return index == len(asked)
        if part.startswith("*") or (part.startswith("{") and part.endswith("...}")):
            return True
        if index >= len(asked) or not _fits(part, asked[index]):
            return False
    return len(asked) == len(wanted) or (subtree and len(asked) > len(wanted))


def shape(path: str) -> str:
    """A path with every parameter as `{}` and without a trailing slash, to compare with a contract's."""
    parts = ["{}" if p.startswith("*") else _PARAMETER.sub("{}", p) for p in path.split("/") if p and p != "{$}"]
    return "/" + "/".join(parts)


def _fits(part: str, segment: str) -> bool:
    if part == segment:
        return True
    if part.startswith("*"):
        return True
    if not _PARAMETER.search(part):
        return False
    pattern = "".join(re.escape(p) if i % 2 == 0 else "[^/]+" for i, p in enumerate(_cut(part)))
    return re.fullmatch(pattern, segment) is not None


def _cut(part: str) -> list[str]:
    """Literal and parameter pieces of a segment in turn, a literal first."""
    found: list[str] = []
    at = 0
    for match in _PARAMETER.finditer(part):
        found += [part[at : match.start()], match.group()]
        at = match.end()
    return [*found, part[at:]]


class Routes:
    """All routes of one repository, tests left out. Get it with `of(code)`."""

    def __init__(self, code: GoCode) -> None:
        self._code = code
        self._routers = routers.of(code)
        found: list[Route] = []
        for file in code.files:
            if file.is_test:
                continue
            paths = [i.path for i in file.imports]
            library = any(p.startswith(_LIBRARIES) for p in paths)
            if library or "net/http" in paths or any("route" in p or "http" in p for p in paths):
                found += self._of_file(file, library)
        self.all: tuple[Route, ...] = tuple(self._mounted(found))

    def of(self, service: Service) -> list[Route]:
        """Routes that the service's packages register."""
        return [r for r in self.all if service.has(r.file.directory)]

    def _of_file(self, file: GoFile, library: bool) -> list[Route]:
        found: list[Route] = []
        for call in file.calls:
            last = call.name.rpartition(".")[2]
            if last in _UPPER or last in _TITLE or last in _ANY or last in _WITH_METHOD or last in ("Path", "PathPrefix", "Use"):
                found += self._registered(file, call, last, library)
        return found

    def _registered(self, file: GoFile, call: Call, last: str, library: bool) -> list[Route]:
        args = call.args
        if not args or len(args) < (1 if last in ("Path", "PathPrefix") else 2):
            return []
        if call.name in _SERVE_MUX:
            return self._pattern(file, call)
        if not call.receiver or call.name.startswith(("net/http.", "net/url.")):
            return []
        owners = self._routers.follow(file, call.receiver, call.block)
        if not owners and not (library and _looks_like_path(args[0] if last not in _WITH_METHOD and not _is_method(args[0]) else args[1])):
            if last in ("Handle", "HandleFunc") and _looks_like_path(args[0]):
                return self._pattern(file, call)
            return []
        if last in ("Path", "PathPrefix"):
            chained = [c for c in self._chain(file, call) if c.name.endswith((".Handler", ".HandlerFunc"))]
            if not chained:
                return []
            return self._routes(file, call, owners, self._methods(file, call), args[0], chained[0].args[0], last == "PathPrefix")
        if last == "Use":
            return self._routes(file, call, owners, [""], args[0], args[1], True) if _looks_like_path(args[0]) else []
        if last in _WITH_METHOD or (last in ("Handle", "Handler", "HandlerFunc") and _is_method(args[0])):
            if len(args) < 3:
                return []
            method = self._code.text(file, args[0], call.block) or ""
            return self._routes(file, call, owners, [method.upper()], args[1], args[-1], False)
        if last in ("Handler", "HandlerFunc"):
            return []
        method = last if last in _UPPER else _TITLE.get(last, "")
        methods = [method] if method else self._methods(file, call)
        if not method and last in ("Handle", "HandleFunc") and not library:
            return self._pattern(file, call)
        return self._routes(file, call, owners, methods, args[0], args[-1], last in _SUBTREE)

    def _pattern(self, file: GoFile, call: Call) -> list[Route]:
        """A pattern of net/http: `GET host/path/{id}`; one that ends in a slash is a subtree."""
        if call.receiver:
            owners: tuple[Mounted, ...] = self._routers.follow(file, call.receiver, call.block) or (Mounted(""),)
        else:
            owners = (Mounted(routers.DEFAULT),)
        paths: list[tuple[str, str, bool]] = []
        for text in self._routers.texts(file, call.args[0], call.block):
            match = _PATTERN.match(text)
            if match is None:
                continue
            path = match[3] or ""
            known = path if UNKNOWN not in text else text if text.startswith(UNKNOWN) else path if path.startswith("/") else UNKNOWN
            paths.append((match[1] or "", known, known.endswith("/")))
        return self._made(file, call, owners, paths, call.args[1])

    def _routes(
        self, file: GoFile, call: Call, owners: tuple[Mounted, ...], methods: list[str], path: str, handler: str, subtree: bool
    ) -> list[Route]:
        paths = [(method, text, subtree) for method in methods for text in self._routers.texts(file, path, call.block)]
        return self._made(file, call, owners or (Mounted("", UNKNOWN),), paths, handler)

    def _made(self, file: GoFile, call: Call, owners: tuple[Mounted, ...], paths: list[tuple[str, str, bool]], handler: str) -> list[Route]:
        found: dict[tuple[str, str], Route] = {}
        for owner in sorted(owners, key=lambda o: UNKNOWN in o.prefix):
            for method, text, subtree in sorted(paths, key=lambda p: UNKNOWN in p[1]):
                path = re.sub("//+", "/", join(owner.prefix, text))
                path = path if path.startswith(("/", UNKNOWN)) else f"/{path}"
                known = found.get((method, path))
                if known is not None:
                    found[method, path] = replace(known, roots=tuple(dict.fromkeys((*known.roots, owner.root))))
                    continue
                whole = UNKNOWN not in path and not any(r.method == method for r in found.values())
                found[method, path] = Route(method, path, file.at(call), handler, (owner.root,), whole, subtree, file, call.block)
        return list(found.values())

    def _chain(self, file: GoFile, call: Call) -> list[Call]:
        """Calls chained to `call`: they start at the same place."""
        return [c for c in file.calls if (c.line, c.column, c.block) == (call.line, call.column, call.block) and c is not call]

    def _methods(self, file: GoFile, call: Call) -> list[str]:
        for chained in self._chain(file, call):
            if chained.name.endswith(".Methods"):
                return [self._code.text(file, a, call.block) or "" for a in chained.args] or [""]
        receiver = called(call.receiver)
        if receiver is not None and last_part(receiver[0])[1] == "Methods":
            return [self._code.text(file, a, call.block) or "" for a in receiver[1]]
        return [""]

    def _mounted(self, found: list[Route]) -> Iterable[Route]:
        """Routes of a router that is the handler of another one's subtree stand below that path too."""
        mounts: dict[str, list[Route]] = {}
        for route in found:
            if not route.handler or route.handler.startswith("func"):
                continue
            if not (route.subtree or route.path.endswith(("*", "...}"))):
                continue
            for inner in self._routers.follow(route.file, route.handler, route.block):
                if inner.root and inner.root not in route.roots:
                    mounts.setdefault(inner.root, []).append(route)
        result: list[Route] = []
        for route in found:
            outers = [o for root in route.roots for o in mounts.get(root, ())]
            if not outers or routers.DEFAULT in route.roots:
                result.append(route)
            for outer in outers:
                above = outer.path.rstrip("*")
                if "StripPrefix" in outer.handler or _mounts(outer):
                    path = re.sub("//+", "/", join(above, route.path))
                elif UNKNOWN in above + route.path or route.path.startswith(above):
                    path = route.path
                else:
                    continue  # requests for it do not come through
                result.append(replace(route, path=path, roots=outer.roots, whole=route.whole and UNKNOWN not in path))
        inside = {id(o) for outers in mounts.values() for o in outers}
        return [r for r in result if id(r) not in inside]


def _mounts(outer: Route) -> bool:
    """Whether the outer route is a chi Mount, which takes its path away; net/http's Handle does not."""
    return any(c.name.endswith((".Mount", ".Group")) and (c.line, c.column) == (outer.at.line, outer.at.column) for c in outer.file.calls)


def _looks_like_path(text: str) -> bool:
    return text.startswith(('"/', "`/", '""')) or '+ "/' in text or '+"/' in text


def _is_method(text: str) -> bool:
    return text.startswith("http.Method") or text.strip('"`') in _UPPER


def of(code: GoCode) -> Routes:
    """The view over `code`, made once."""
    found = code.memo.get("routes")
    if not isinstance(found, Routes):
        found = code.memo["routes"] = Routes(code)
    return found
