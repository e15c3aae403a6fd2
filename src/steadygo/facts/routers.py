"""Which router an expression is: followed through variables, fields, groups, middleware and functions that return handlers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steadygo.facts import goinputs
from steadygo.facts.go import Assignment, Call, Composite, Function, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.goinputs import Trail
from steadygo.facts.gotext import CHAIN, called, last_part, pieces
from steadygo.facts.gotyping import path_of

DEFAULT = "default"
"""The root of net/http's DefaultServeMux."""

UNKNOWN = goinputs.UNKNOWN

_STEPS = 9
_MOST = 12
_MADE = re.compile(
    r"(?:net/http\.NewServeMux|github\.com/gorilla/mux\.NewRouter|github\.com/go-chi/chi(?:/v\d)?\.New(?:Router|Mux)"
    r"|github\.com/gin-gonic/gin\.(?:New|Default)|github\.com/labstack/echo(?:/v\d)?\.New|github\.com/gofiber/fiber(?:/v\d)?\.New"
    r"|github\.com/julienschmidt/httprouter\.New|github\.com/prometheus/common/route\.New|github\.com/bmizerany/pat\.New"
    r"|github\.com/urfave/negroni\.(?:New|Classic)|github\.com/grpc-ecosystem/grpc-gateway(?:/v\d)?/runtime\.NewServeMux)\Z"
)
_ROUTER_TYPE = re.compile(
    r"(?:net/http\.ServeMux|github\.com/gorilla/mux\.Router|github\.com/go-chi/chi(?:/v\d)?\.Mux|github\.com/julienschmidt/httprouter\.Router"
    r"|github\.com/gin-gonic/gin\.Engine)\Z"
)
_PREFIXED = {"Group", "Route", "Party", "WithPrefix", "PathPrefix", "Path", "Namespace", "Prefix"}
_SAME = {
    "Subrouter", "With", "Methods", "Host", "Schemes", "Headers", "Queries", "Name", "NewRoute", "StrictSlash", "UseEncodedPath", "Use",
    "SkipClean", "WithInstrumentation", "MatcherFunc",
}  # fmt: skip
_TAKES_ROUTER = {"Group", "Route", "Party", "Namespace"}


@dataclass(frozen=True)
class Mounted:
    """A router with what stands before its paths. `root` names where it was made; `prefix` holds UNKNOWN where a part was not seen."""

    root: str
    prefix: str = ""


class Routers:
    """Follows router expressions of one repository. Get it with `of(code)`."""

    def __init__(self, code: GoCode) -> None:
        self._code = code
        self._inputs = goinputs.of(code)
        self._known: dict[tuple[str, str, int], tuple[Mounted, ...]] = {}
        self._fields: dict[str, list[tuple[GoFile, str, str, int]]] | None = None

    def follow(self, file: GoFile, expression: str, block: int) -> tuple[Mounted, ...]:
        """The routers that `expression` at `block` may be; empty when not known."""
        key = (file.path, expression, block)
        known = self._known.get(key)
        if known is None:
            self._known[key] = ()
            known = self._known[key] = self._follow(file, expression, block, _STEPS, Trail(), "")
        return known

    def texts(self, file: GoFile, expression: str, block: int) -> tuple[str, ...]:
        """The texts that a path's expression may hold, UNKNOWN in the place of what was not seen."""
        held = self._inputs.follow(file, expression, block)
        if held.texts and (held.whole or any(UNKNOWN in t for t in held.texts)):
            return held.texts
        return (*held.texts, UNKNOWN)

    def _follow(self, file: GoFile, text: str, block: int, steps: int, trail: Trail, name: str) -> tuple[Mounted, ...]:
        text = text.strip().lstrip("&*")
        key = (file.path, text, block)
        if steps == 0 or not text or key in trail.seen:
            return ()
        trail = trail.past(key)
        if text.startswith("(") and text.endswith(")"):
            return self._follow(file, text[1:-1], block, steps - 1, trail, name)
        if (call := called(text)) is not None:
            return self._call(file, *call, block, steps, trail, name)
        if CHAIN.match(text):
            return self._name(file, text, block, steps, trail)
        literal = text.partition("{")[0].strip() if text.endswith(("}", "…")) else ""
        if literal and CHAIN.match(literal):
            return self._literal(file, literal, text, block, steps, trail, name)
        return ()

    # values that are made in place

    def _root(self, file: GoFile, block: int, name: str) -> Mounted:
        function = self._code.declared_function_at(file, block)
        owner = f"{function.receiver}.{function.name}" if function is not None else file.directory
        return Mounted(f"{file.path}:{owner}:{name}")

    def _literal(self, file: GoFile, literal: str, text: str, block: int, steps: int, trail: Trail, name: str) -> tuple[Mounted, ...]:
        first, _, rest = literal.partition(".")
        full = f"{path_of(file, first)}.{rest}" if rest else literal
        if _ROUTER_TYPE.match(full):
            return (self._root(file, block, name),)
        kind = self._code.type_of(file, text if "…" not in text else literal + "{}", block)
        return self._served(kind, steps, trail)

    def _served(self, kind: str, steps: int, trail: Trail) -> tuple[Mounted, ...]:
        """A type of this repository with a ServeHTTP that hands on to a router."""
        path, _, bare = kind.rpartition(".")
        package = self._code.package_of(path)
        if package is None:
            return ()
        found: list[Mounted] = []
        for file, function in package.methods.get("ServeHTTP", {}).get(bare, []):
            for call in file.calls:
                if call.name.endswith("ServeHTTP") and call.receiver and self._code.declared_function_at(file, call.block) is function:
                    found += self._follow(file, call.receiver, call.block, steps - 1, trail, "")
        return tuple(dict.fromkeys(found))

    # calls

    def _call(
        self, file: GoFile, callee: str, args: tuple[str, ...], block: int, steps: int, trail: Trail, name: str
    ) -> tuple[Mounted, ...]:
        receiver, method = last_part(callee)
        path = path_of(file, receiver) if receiver else ""
        full = f"{path}.{method}" if path else method
        if _MADE.match(full):
            return (self._root(file, block, name),)
        if full == "new" and args:
            return self._literal(file, args[0], args[0] + "{}", block, steps, trail, name)
        if full == "net/http.StripPrefix":
            return self._follow(file, args[1], block, steps - 1, trail, name) if len(args) == 2 else ()
        if receiver and not path and (method in _SAME or method in _PREFIXED):
            base = self._follow(file, receiver, block, steps - 1, trail, name)
            if base:
                prefixes = ("",) if method in _SAME or not args or args[0].startswith("func") else self.texts(file, args[0], block)
                return tuple(Mounted(b.root, join(b.prefix, p)) for b in base for p in prefixes)
        through = [m for a in args if not a.startswith(("func", '"', "`")) for m in self._follow(file, a, block, steps - 1, trail, name)]
        if through:
            return tuple(dict.fromkeys(through))
        returned = self._returned(file, callee, args, block, steps, trail)
        if returned:
            return returned
        if receiver and not path and method in ("Handler", "Routes", "Router", "ServeHTTP", "Mux", "HTTPHandler", "Build", "GetHandler"):
            return self._follow(file, receiver, block, steps - 1, trail, name)
        return ()

    def _returned(self, file: GoFile, callee: str, args: tuple[str, ...], block: int, steps: int, trail: Trail) -> tuple[Mounted, ...]:
        found: list[Mounted] = []
        for other, function in self._functions(file, callee, args, block):
            for jump in other.jumps:
                if jump.kind == "return" and jump.text and self._code.function_at(other, jump.block) is function:
                    inner = trail.into(other, function, file, args, block)
                    found += self._follow(other, pieces(jump.text, ",")[0], jump.block, steps - 1, inner, "")
        return tuple(dict.fromkeys(found))[:_MOST]

    def _functions(self, file: GoFile, callee: str, args: tuple[str, ...], block: int) -> list[tuple[GoFile, Function]]:
        receiver, name = last_part(callee)
        path = path_of(file, receiver) if receiver else ""
        if path:
            other = self._code.package_of(path)
            return other.functions.get(name, []) if other is not None else []
        if not receiver:
            return self._code.packages[file.directory].functions.get(name, [])
        return self._code.callees(file, Call(f".{name}", 1, 1, block, args, receiver))

    # names

    def _name(self, file: GoFile, text: str, block: int, steps: int, trail: Trail) -> tuple[Mounted, ...]:
        first, _, rest = text.partition(".")
        if rest and (path := path_of(file, first)):
            if f"{path}.{rest}" == "net/http.DefaultServeMux":
                return (Mounted(DEFAULT),)
            other = self._code.package_of(path)
            declared = other.declarations.get(rest) if other is not None else None
            return self._follow(declared[0], declared[1].value, 0, steps - 1, trail, rest) if declared else ()
        if rest:
            return self._field(file, text, block, steps, trail)
        at = block
        while (function := self._code.function_at(file, at)) is not None:
            found = self._in_function(file, text, function, steps, trail)
            if found is not None:
                return found
            at = file.blocks[function.block].parent
        package = self._code.packages[file.directory]
        values = [(f, d.value, 0) for f, d in [package.declarations[text]] if d.value] if text in package.declarations else []
        for each in package.files:
            assigned = [a for a in self._code.assignments_of(each, text) if a.operator == "="]
            values += [(each, v, a.block) for a in assigned for v in _value_of(a, text)]
        return self._all(values, text, steps, trail)

    def _in_function(self, file: GoFile, text: str, function: Function, steps: int, trail: Trail) -> tuple[Mounted, ...] | None:
        """None when `text` is no variable of `function`."""
        assigned = [a for a in self._code.assignments_of(file, text) if self._code.function_at(file, a.block) is function]
        values = [(file, v, a.block) for a in assigned for v in _value_of(a, text)]
        for index, (param, kind) in enumerate(function.params):
            if param == text:
                found = self._parameter(file, function, index, kind, steps, trail)
                return tuple(dict.fromkeys((*found, *self._all(values, text, steps, trail))))
        if values:
            return self._all(values, text, steps, trail)
        if text == function.receiver_name:
            package = self._code.packages[file.directory]
            return self._served(f"{package.path or package.directory}.{function.receiver}", steps, trail)
        declared = [a for a in assigned if a.type]
        if declared and _ROUTER_TYPE.match(declared[0].type.lstrip("*")):
            return (self._root(file, declared[0].block, text),)
        return () if declared else None

    def _all(self, values: list[tuple[GoFile, str, int]], name: str, steps: int, trail: Trail) -> tuple[Mounted, ...]:
        found = [m for f, v, b in values[:_MOST] for m in self._follow(f, v, b, steps - 1, trail, name)]
        return tuple(dict.fromkeys(found))[:_MOST]

    def _parameter(self, file: GoFile, function: Function, index: int, kind: str, steps: int, trail: Trail) -> tuple[Mounted, ...]:
        if not function.name:
            return self._closure(file, function, steps, trail)
        if (entered := trail.given(file, function)) is not None:
            outer, args, at = entered
            return self._follow(outer, args[index], at, steps - 1, trail, "") if index < len(args) else ()
        found: list[Mounted] = []
        for caller, call in self._code.callers(file, function):
            if caller.is_test or index >= len(call.args):
                continue
            found += self._follow(caller, call.args[index], call.block, steps - 1, trail, "")
        found += self._handed_over(file, function, steps, trail)
        return tuple(dict.fromkeys(found))[:_MOST]

    def _handed_over(self, file: GoFile, function: Function, steps: int, trail: Trail) -> list[Mounted]:
        """A declared function that is given to Route or Group: `r.Route("/admin", s.adminRoutes)`."""
        found: list[Mounted] = []
        for name in _TAKES_ROUTER:
            for other, call in self._code.calls(f".{name}"):
                if call.args and re.search(rf"(?:^|\.){re.escape(function.name)}$", call.args[-1]):
                    found += self._given(other, call, steps, trail)
        return found

    def _closure(self, file: GoFile, function: Function, steps: int, trail: Trail) -> tuple[Mounted, ...]:
        """The router that `r.Route("/x", func(r chi.Router) {…})` hands to its closure."""
        parent = file.blocks[function.block].parent
        best: Call | None = None
        for call in file.calls:
            if call.block == parent and (call.line, call.column) <= (function.line, function.column):
                last = call.name.rpartition(".")[2]
                if last in _TAKES_ROUTER and call.args and call.args[-1].startswith("func"):
                    best = call if best is None or (call.line, call.column) >= (best.line, best.column) else best
        return tuple(self._given(file, best, steps, trail)) if best is not None else ()

    def _given(self, file: GoFile, call: Call, steps: int, trail: Trail) -> list[Mounted]:
        base = self._follow(file, call.receiver, call.block, steps - 1, trail, "")
        prefixes = self.texts(file, call.args[0], call.block) if len(call.args) > 1 else ("",)
        return [Mounted(b.root, join(b.prefix, p)) for b in base for p in prefixes]

    def _field(self, file: GoFile, text: str, block: int, steps: int, trail: Trail) -> tuple[Mounted, ...]:
        owner_text, _, name = text.rpartition(".")
        owner = self._code.type_of(file, owner_text, block)
        values: list[tuple[GoFile, str, int]] = []
        for other, held_by, value, at in self._given_fields().get(name, ()):
            kind = held_by[1:] if held_by.startswith("=") else self._code.type_of(other, held_by, at)
            if (owner and kind == owner) or (not owner and other is file):
                values.append((other, value, at))
        return self._all(values, f"{owner}.{name}", steps, trail)

    def _given_fields(self) -> dict[str, list[tuple[GoFile, str, str, int]]]:
        """Field name -> (file, owner's expression or "=" and its full type, value, block)."""
        if self._fields is None:
            self._fields = {}
            for file in self._code.files:
                if file.is_test:
                    continue
                for a in file.assignments:
                    for index, target in enumerate(a.names):
                        if "." in target and len(a.values) == len(a.names) and a.operator == "=":
                            owner, _, name = target.rpartition(".")
                            self._fields.setdefault(name, []).append((file, owner, a.values[index], a.block))
                for c in file.composites:
                    self._composite(file, c)
        return self._fields

    def _composite(self, file: GoFile, composite: Composite) -> None:
        kind = composite.type.partition("[")[0]
        if "." not in kind.rpartition("/")[2]:
            package = self._code.packages[file.directory]
            kind = f"{package.path or package.directory}.{kind}"
        for name, value in composite.fields:
            if name and self._fields is not None:
                self._fields.setdefault(name, []).append((file, "=" + kind, value, composite.block))


def _value_of(assignment: Assignment, name: str) -> list[str]:
    if name not in assignment.names or not assignment.values:
        return []
    at = assignment.names.index(name)
    if len(assignment.values) == len(assignment.names):
        return [assignment.values[at]]
    return [assignment.values[0]] if at == 0 and not assignment.values[0].startswith("range ") else []


def join(prefix: str, path: str) -> str:
    """A route's path below a prefix: one slash between them."""
    if not prefix:
        return path
    if not path or path == "/":
        return prefix if not path else prefix.rstrip("/") + "/"
    return prefix.rstrip("/") + (path if path.startswith(("/", UNKNOWN)) else "/" + path)


def of(code: GoCode) -> Routers:
    """The view over `code`, made once."""
    found = code.memo.get("routers")
    if not isinstance(found, Routers):
        found = code.memo["routers"] = Routers(code)
    return found
