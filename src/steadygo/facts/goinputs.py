"""What a setting of the program may hold: constants, defaults of flags, environment variables and struct tags, followed to their origin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, product

from steadygo.facts.go import Assignment, Call, Composite, Function, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.gotext import CHAIN, called, last_part, pieces
from steadygo.facts.gotyping import path_of

UNKNOWN = "\ufffd"
"""Stands in a text for a part that could not be followed."""


@dataclass(frozen=True)
class Trail:
    """What is being followed, and what the parameters of the functions on the way were given."""

    seen: frozenset[tuple[str, str, int]] = frozenset()
    bound: tuple[tuple[str, int, GoFile, tuple[str, ...], int], ...] = ()  # (path, function's block, caller, arguments, caller's block)

    def past(self, key: tuple[str, str, int]) -> Trail:
        return Trail(self.seen | {key}, self.bound)

    def into(self, file: GoFile, function: Function, caller: GoFile, args: tuple[str, ...], block: int) -> Trail:
        return Trail(self.seen, (*self.bound, (file.path, function.block, caller, args, block)))

    def given(self, file: GoFile, function: Function) -> tuple[GoFile, tuple[str, ...], int] | None:
        """The call through which `function` was entered."""
        found = [b for b in self.bound if b[0] == file.path and b[1] == function.block]
        return found[-1][2:] if found else None


_STEPS = 7
_MOST = 8
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\Z")
_TAG = re.compile(r'(\w+):"((?:[^"\\]|\\.)*)"')
_VERB = re.compile(r"%[-+# 0]*\d*(?:\.\d+)?[a-zA-Z]")
_FLAG = re.compile(r"(String|Int|Int64|Uint|Uint16|Duration|Float64|Bool|Var|TextVar|IP)(Var)?(P)?\Z")
_KEYED = frozenset({"GetString", "GetInt", "GetDuration", "Get", "GetUint", "GetInt64", "String", "Int", "Duration"})
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Input:
    """`texts` are the constants it may hold, defaults first (numbers as text, durations in nanoseconds).

    `variables` and `flags` may replace them at start. `whole` is false when it may also hold something that was not seen.
    """

    texts: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    whole: bool = True


_NOTHING = Input(whole=False)


def duration(text: str) -> float | None:
    """A Go duration ("1m30s") or a number of nanoseconds as text, in seconds."""
    if re.fullmatch(r"\d+(?:\.\d+)?(?:e\+?\d+)?", text):
        return float(text) / 1e9
    total, at = 0.0, 0
    while at < len(text):
        found = _DURATION.match(text, at)
        if found is None:
            return None
        total += float(found[1]) * _SECONDS[found[2]]
        at = found.end()
    return total if text else None


class Inputs:
    """Follows expressions of one repository. Get it with `of(code)`."""

    def __init__(self, code: GoCode) -> None:
        self._code = code
        self._known: dict[tuple[str, str, int], Input] = {}
        self._fields: dict[str, list[tuple[GoFile, Assignment | Composite, str]]] = {}
        self._tags: dict[str, list[tuple[str, str, str]]] = {}  # field -> (type in full, tag, prefix)
        self._flags: dict[str, list[tuple[GoFile, Call]]] = {}  # by what is given the address of, last part
        self._named: dict[str, list[tuple[GoFile, Call]]] = {}  # by the flag's or key's name
        self._cli: dict[str, list[tuple[GoFile, Composite]]] = {}  # urfave/cli's flags by name
        self._index()

    def _index(self) -> None:
        for file in self._code.files:
            if file.is_test:
                continue
            for assignment in file.assignments:
                for name in assignment.names:
                    if "." in name:
                        self._fields.setdefault(name.rpartition(".")[2], []).append((file, assignment, name))
            for composite in file.composites:
                if composite.type.endswith("Flag") and "cli" in composite.type:
                    self._cli.setdefault(dict(composite.fields).get("Name", "").strip('"'), []).append((file, composite))
                for name, _ in composite.fields:
                    if name:
                        self._fields.setdefault(name, []).append((file, composite, name))
            for call in file.calls:
                last = call.name.rpartition(".")[2]
                if (len(call.args) >= 2 and _FLAG.match(last)) or last == "SetDefault":
                    if call.args[0].startswith("&"):
                        self._flags.setdefault(call.args[0][1:].rpartition(".")[2], []).append((file, call))
                    for arg in call.args[:2]:
                        if arg.startswith('"') and len(arg) > 2:
                            self._named.setdefault(arg.strip('"'), []).append((file, call))
            for declared in file.types:
                for field in declared.fields:
                    if field.tag and field.name:
                        package = self._code.packages[file.directory]
                        full = f"{package.path or package.directory}.{declared.name}"
                        self._tags.setdefault(field.name, []).append((full, field.tag, ""))

    def follow(self, file: GoFile, expression: str, block: int) -> Input:
        """What `expression` at `block` may hold."""
        key = (file.path, expression, block)
        known = self._known.get(key)
        if known is None:
            self._known[key] = _NOTHING  # while it is being followed
            known = self._known[key] = self._follow(file, expression.strip(), block, _STEPS, Trail())
        return known

    def _follow(self, file: GoFile, text: str, block: int, steps: int, trail: Trail) -> Input:
        key = (file.path, text, block)
        if steps == 0 or key in trail.seen or not text or "…" in text:
            return _NOTHING
        trail = trail.past(key)
        value = self._code.text(file, text, block)
        if value is not None:
            return Input((value,))
        number = self._code.number(file, text, block)
        if number is not None:
            return Input((f"{number:.0f}" if number == int(number) else str(number),))
        text = text.lstrip("&*")
        if text.startswith("(") and text.endswith(")"):
            return self._follow(file, text[1:-1], block, steps - 1, trail)
        parts = pieces(text, "+")
        if len(parts) > 1 and all(parts):
            return _joined([self._follow(file, p, block, steps - 1, trail) for p in parts], "".join(["%s"] * len(parts)))
        if (call := called(text)) is not None:
            return self._call(file, *call, block, steps, trail)
        if CHAIN.match(text):
            return self._name(file, text, block, steps, trail)
        return _NOTHING

    # calls

    def _call(self, file: GoFile, callee: str, args: tuple[str, ...], block: int, steps: int, trail: Trail) -> Input:
        receiver, name = last_part(callee)
        first = self._code.text(file, args[0], block) if args else None
        full = f"{path_of(file, receiver) or receiver}.{name}" if receiver else name
        if full in ("os.Getenv", "os.LookupEnv", "syscall.Getenv") and args:
            named = self._follow(file, args[0], block, steps - 1, trail)
            return Input(("",), named.texts, (), True) if named.whole and named.texts else _NOTHING
        if full in ("fmt.Sprintf", "fmt.Sprint") and args:
            rest = [self._follow(file, a, block, steps - 1, trail) for a in args[1:]]
            return _joined(rest, first) if first is not None and full == "fmt.Sprintf" else _NOTHING
        if full == "net.JoinHostPort" and len(args) == 2:
            return _joined([self._follow(file, a, block, steps - 1, trail) for a in args], "%s:%s")
        trims = name in ("TrimPrefix", "TrimSuffix", "Trim") and receiver == "strings"
        if trims or (len(args) == 1 and name in ("string", "int", "Itoa", "TrimSpace", "Duration", "Atoi", "ParseDuration")):
            return self._follow(file, args[0], block, steps - 1, trail)
        if name in ("Or", "Coalesce") and full.startswith("cmp."):
            return _either([self._follow(file, a, block, steps - 1, trail) for a in args])
        if _FLAG.match(name) and len(args) >= 3 and first is not None:
            return self._flag_default(file, args, block, steps, trail)
        if first is not None and _VARIABLE.match(first) and len(first) > 2 and ("env" in callee.lower() or "get" in name.lower()):
            default = self._follow(file, args[1], block, steps - 1, trail) if len(args) > 1 else Input(("",))
            return Input(default.texts, (first, *default.variables), default.flags, default.whole)
        if (
            first is not None
            and name in ("GetString", "GetInt", "GetDuration", "Get", "GetUint", "GetInt64", "String", "Int", "Duration")
            and receiver
        ):
            return self._key(first, steps, trail)
        return self._returns(file, callee, args, block, steps, trail)

    def _flag_default(self, file: GoFile, args: tuple[str, ...], block: int, steps: int, trail: Trail) -> Input:
        """flag.String("addr", ":8080", "…"), pflag's StringP("addr", "a", ":8080", "…") and their Var forms (target taken off)."""
        name = self._code.text(file, args[0], block) or ""
        default = args[2] if len(args) >= 4 and args[1].strip('"`') in ("", args[1].strip('"`')[:1]) else args[1]
        held = self._follow(file, default, block, steps - 1, trail)
        return Input(held.texts, held.variables, (name, *held.flags), held.whole)

    def _key(self, key: str, steps: int, trail: Trail) -> Input:
        """A key of viper or of a command line library: the defaults of flags and SetDefault of that name."""
        found = []
        for file, call in self._named.get(key, ()):
            if call.name.endswith(".SetDefault"):
                found.append(self._follow(file, call.args[1], call.block, steps - 1, trail))
            elif call.args[0].startswith("&"):
                found.append(self._flag_default(file, call.args[1:], call.block, steps, trail))
            else:
                found.append(self._flag_default(file, call.args, call.block, steps, trail))
        for file, composite in self._cli.get(key, ()):
            fields = dict(composite.fields)
            default = self._follow(file, fields["Value"], composite.block, steps - 1, trail) if "Value" in fields else Input(("",))
            variables = re.findall(r'"(\w+)"', fields.get("EnvVars", fields.get("Sources", fields.get("EnvVar", ""))))
            found.append(Input(default.texts, tuple(variables), (), default.whole))
        held = _either(found) if found else _NOTHING
        guess = re.sub(r"[^A-Za-z0-9]", "_", key).upper()
        return Input(held.texts, (guess, *held.variables), (key, *held.flags), held.whole and bool(found))

    def _returns(self, file: GoFile, callee: str, args: tuple[str, ...], block: int, steps: int, trail: Trail) -> Input:
        receiver, name = last_part(callee)
        found: list[Input] = []
        for call in file.calls:
            if call.block == block and call.name.rpartition(".")[2] == name and call.receiver in (receiver, "") and call.args == args:
                for other, function in self._code.callees(file, call):
                    for jump in other.jumps:
                        if jump.kind == "return" and jump.text and self._code.function_at(other, jump.block) is function:
                            value = pieces(jump.text, ",")[0]
                            if value != "nil":
                                inner = trail.into(other, function, file, args, block)
                                found.append(self._follow(other, value, jump.block, steps - 1, inner))
                break
        return _either(found) if found else _NOTHING

    # names

    def _name(self, file: GoFile, text: str, block: int, steps: int, trail: Trail) -> Input:
        first, _, rest = text.partition(".")
        if rest and not path_of(file, first):
            return self._field(file, text, block, steps, trail)
        if rest:
            other = self._code.package_of(path_of(file, first))
            declared = other.declarations.get(rest) if other is not None else None
            return self._package_variable(declared[0], rest, steps, trail) if declared else _NOTHING
        function = self._code.function_at(file, block)
        while function is not None:
            for index, (param, _) in enumerate(function.params):
                if param == text:
                    return self._parameter(file, block, index, text, steps, trail)
            given = [
                a
                for a in file.assignments
                if text in a.names and a.operator in (":=", "=", "var") and self._code.inside(file, a.block, function.block)
            ]
            if given:
                return self._assigned(file, given, text, steps, trail)
            parent = file.blocks[function.block].parent
            function = self._code.function_at(file, parent) if parent > 0 else None
        return self._package_variable(file, text, steps, trail)

    def _assigned(self, file: GoFile, given: list[Assignment], name: str, steps: int, trail: Trail) -> Input:
        found: list[Input] = []
        for a in given[:_MOST]:
            if not a.values:
                continue
            at = a.names.index(name)
            if len(a.values) == len(a.names):
                found.append(self._follow(file, a.values[at], a.block, steps - 1, trail))
            elif at == 0 and not a.values[0].startswith("range "):
                found.append(self._follow(file, a.values[0], a.block, steps - 1, trail))
            else:
                found.append(_NOTHING)
        found += self._given_by_flag(file, name, steps, trail)
        return _either(found) if found else _NOTHING

    def _given_by_flag(self, file: GoFile, name: str, steps: int, trail: Trail) -> list[Input]:
        return [
            self._flag_default(f, c.args[1:], c.block, steps, trail)
            for f, c in self._flags.get(name, ())
            if f.directory == file.directory and c.args[0][1:] == name and len(c.args) >= 3
        ]

    def _package_variable(self, file: GoFile, name: str, steps: int, trail: Trail) -> Input:
        package = self._code.packages.get(file.directory)
        declared = package.declarations.get(name) if package is not None else None
        if package is None or declared is None:
            return _NOTHING
        found: list[Input] = []
        if declared[1].value:
            found.append(self._follow(declared[0], declared[1].value, 0, steps - 1, trail))
        for other in package.files:
            given = [a for a in other.assignments if name in a.names and a.operator == "="]
            if given:
                found.append(self._assigned(other, given, name, steps, trail))
        found += self._given_by_flag(file, name, steps, trail)
        return _either(found) if found else _NOTHING

    def _parameter(self, file: GoFile, block: int, index: int, name: str, steps: int, trail: Trail) -> Input:
        function = self._code.function_at(file, block)
        while function is not None and (index >= len(function.params) or function.params[index][0] != name):
            function = self._code.function_at(file, file.blocks[function.block].parent)
        if function is None or not function.name:
            return _NOTHING
        if (entered := trail.given(file, function)) is not None:
            caller, args, at = entered
            return self._follow(caller, args[index], at, steps - 1, trail) if index < len(args) else _NOTHING
        found = [
            self._follow(caller, call.args[index], call.block, steps - 1, trail)
            for caller, call in self._code.callers(file, function)[:_MOST]
            if not caller.is_test and index < len(call.args)
        ]
        return _either(found) if found else _NOTHING

    def _field(self, file: GoFile, text: str, block: int, steps: int, trail: Trail) -> Input:
        owner_text, _, name = text.rpartition(".")
        owner = self._code.type_of(file, owner_text, block)
        found: list[Input] = []
        for full, tag, _ in self._tags.get(name, ()):
            if full == owner:
                found += self._tag(dict(_TAG.findall(tag)), steps, trail)
        for other, fact, written in self._fields.get(name, ())[:40]:
            if isinstance(fact, Composite):
                if owner and self._full(other, fact.type) == owner:
                    value = dict(fact.fields)[name]
                    found.append(self._follow(other, value, fact.block, steps - 1, trail))
            elif (
                (written == text and other is file)
                or (owner and self._code.type_of(other, written.rpartition(".")[0], fact.block) == owner)
            ) and len(fact.values) == len(fact.names):
                found.append(self._follow(other, fact.values[fact.names.index(written)], fact.block, steps - 1, trail))
        for f, c in self._flags.get(name, ()):
            target = c.args[0][1:]
            if len(c.args) >= 3 and (
                (target == text and f is file) or (owner and self._code.type_of(f, target.rpartition(".")[0], c.block) == owner)
            ):
                found.append(self._flag_default(f, c.args[1:], c.block, steps, trail))
        return _either(found) if found else _NOTHING

    def _full(self, file: GoFile, type_text: str) -> str:
        name = type_text.lstrip("*&").partition("[")[0]
        if "." in name.rpartition("/")[2]:
            return name
        package = self._code.packages[file.directory]
        return f"{package.path or package.directory}.{name}"

    def _tag(self, tags: dict[str, str], steps: int, trail: Trail) -> list[Input]:
        variable = next((tags[k].partition(",")[0] for k in ("env", "envconfig") if tags.get(k)), "")
        default = next((tags[k] for k in ("envDefault", "default", "env-default") if k in tags), None)
        inner = re.search(r"default=([^,]*)", tags.get("env", ""))
        if default is None and inner:
            default = inner[1]
        if variable or default is not None:
            return [Input((default or "",), (variable,) if variable else ())]
        key = tags.get("mapstructure", "").partition(",")[0]
        return [self._key(key, steps, trail)] if key and key in self._named else []


def _either(found: list[Input]) -> Input:
    texts = dict.fromkeys(t for f in found for t in f.texts)
    return Input(
        tuple(islice(texts, _MOST)),
        tuple(dict.fromkeys(v for f in found for v in f.variables)),
        tuple(dict.fromkeys(v for f in found for v in f.flags)),
        all(f.whole for f in found),
    )


def _joined(parts: list[Input], pattern: str) -> Input:
    """The parts put into the verbs of a format."""
    choices = [p.texts or (UNKNOWN,) for p in parts]
    whole = all(p.whole and p.texts for p in parts)
    texts: dict[str, None] = {}
    for chosen in islice(product(*choices), _MOST):
        rest = iter(chosen)
        texts.setdefault(_VERB.sub(lambda m, rest=rest: next(rest, UNKNOWN), pattern.replace("%%", "%")))  # type: ignore[misc]
    either = _either(parts)
    return Input(tuple(texts), either.variables, either.flags, whole)


def of(code: GoCode) -> Inputs:
    """The view over `code`, made once."""
    found = code.memo.get("inputs")
    if not isinstance(found, Inputs):
        found = code.memo["inputs"] = Inputs(code)
    return found
