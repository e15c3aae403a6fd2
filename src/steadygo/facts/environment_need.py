"""What a program does when a variable that it reads is empty: stop, go on with a default, or something that cannot be seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from steadygo.facts.go import Block, Call, Comparison, Function, GoFile
from steadygo.facts.gocode import GoCode

REQUIRED, OPTIONAL, UNKNOWN = "required", "optional", "unknown"

_STOPS = re.compile(r"(?:^|\.)(?:panic|Fatal\w*|Panic\w*|Exit|Exitf|Bail)$")
_ERRS = re.compile(r"\berr\w*\b|\bErr[A-Z]\w*|errors\.|Errorf\(", re.I)
_MAKES_ERROR = re.compile(r"(?:^|/)errors\.(?:New|Errorf|Wrap\w*)$|^fmt\.Errorf$|^github\.com/pkg/errors\.")
_PASSES_ON = re.compile(
    r"(?:^|/|\.)(?:TrimSpace|ToLower|ToUpper|TrimSuffix|TrimPrefix|Trim|TrimRight|Split|Fields|string|Clean|Unquote|byte)$"
)
_PARSES = re.compile(r"^(?:strconv\.(?:Atoi|Parse\w+)|time\.ParseDuration)$")
_STOPS_WHEN_EMPTY = frozenset({"database/sql.Open", "github.com/jmoiron/sqlx.Connect", "github.com/jmoiron/sqlx.MustConnect"}) | {
    "github.com/redis/go-redis/v9.ParseURL",
    "github.com/go-redis/redis/v8.ParseURL",
    "github.com/rabbitmq/amqp091-go.Dial",
    "github.com/streadway/amqp.Dial",
}


@dataclass(frozen=True)
class Need:
    """`kind`: required optional unknown. `exits` when the program stops right there instead of returning an error."""

    kind: str
    default: str | None = None
    exits: bool = False
    field: str = ""  # the value is kept in a field of this name


_UNKNOWN = Need(UNKNOWN)
_OPTIONAL = Need(OPTIONAL)


def need_of(go: GoCode, file: GoFile, call: Call, steps: int = 3) -> Need:
    """What follows from an empty result of `call`, which reads a variable."""
    written = _written(call)
    if call.use == "assign" and call.results:
        return _of_variable(go, file, call, call.results)
    if call.use in ("condition", "operand"):
        block = file.blocks[call.block]
        if block.kind == "if" and written in block.text:
            return _branch(go, file, block, written) or _OPTIONAL
        if block.kind == "switch":
            return _switch(go, file, block)
    outer = _outer(file, call, written)
    if outer is not None and steps > 0:
        if _PASSES_ON.search(outer.name) or (outer.receiver == "strings" and _PASSES_ON.search(outer.name)):
            return need_of(go, file, outer, steps - 1)
        if _PARSES.match(outer.name) and outer.use == "assign" and len(outer.results) == 2:
            return _of_variable(go, file, outer, outer.results)
        if outer.name == "cmp.Or":
            return Need(OPTIONAL, outer.args[-1])
        if outer.name in _STOPS_WHEN_EMPTY or (outer.name.startswith("github.com/jackc/pgx") and "Connect" in outer.name):
            return Need(REQUIRED, exits=False)
        return _UNKNOWN
    for composite in file.composites:
        if composite.line <= call.line and composite.block == call.block:
            for name, text in composite.fields:
                if name and text in (written, f"strings.TrimSpace({written})"):
                    return _of_field(go, name)
    return _UNKNOWN


def _written(call: Call) -> str:
    name = call.name.rpartition("/")[2] if not call.receiver else f"{call.receiver}.{call.name.rpartition('.')[2]}"
    return f"{name}({', '.join(call.args)})"


def _outer(file: GoFile, call: Call, written: str) -> Call | None:
    """The innermost call that has `call` in its arguments."""
    if call.use not in ("argument", "operand"):
        return None
    found = [c for c in file.calls if c is not call and c.block == call.block and c.line <= call.line and any(written in a for a in c.args)]
    return max(found, key=lambda c: (c.line, c.column), default=None)


def _of_variable(go: GoCode, file: GoFile, call: Call, results: tuple[str, ...]) -> Need:
    function = go.function_at(file, call.block)
    variable, second = results[0], results[1] if len(results) > 1 else ""
    last = function.end_line if function else call.line
    for block in file.blocks:
        if not call.line <= block.line <= last or block.kind not in ("if", "switch"):
            continue
        if second and second != "_" and re.search(rf"(?<![\w.]){re.escape(second)}\b", block.text):
            return _second(go, file, block, second)
        if variable != "_" and re.search(rf"(?<![\w.]){re.escape(variable)}(?![\w(])", block.text):
            if block.kind == "switch":
                return _switch(go, file, block)
            found = _branch(go, file, block, variable)
            if found is not None:
                return found
    if second == "_" or any(variable in a.names and a.operator == "=" and call.line < a.line <= last for a in file.assignments):
        return _OPTIONAL
    if "." in variable:
        return _of_field(go, variable.rpartition(".")[2])
    package = go.packages.get(file.directory)
    if (
        package is not None
        and variable in package.declarations
        and any(variable in (c.left, c.right) for other in package.files for c in other.comparisons)
    ):
        return _OPTIONAL
    for composite in file.composites:
        for name, text in composite.fields:
            if name and text == variable and call.line <= composite.line <= last:
                return _of_field(go, name)
    for user in file.calls:
        if call.line < user.line <= last and user.name in _STOPS_WHEN_EMPTY and variable in user.args:
            return Need(REQUIRED)
    return _UNKNOWN


def _second(go: GoCode, file: GoFile, block: Block, second: str) -> Need:
    """After `value, ok := …` or `value, err := …`: what the branch on the second result does."""
    text = block.text
    absent = text in (f"!{second}", f"{second} != nil", f"{second} == false") or text.startswith((f"!{second} ||", f"{second} != nil ||"))
    if absent:
        return _stopping(go, file, block) or _OPTIONAL
    other = _else_of(file, block)
    if text.startswith((second, f"{second} == nil")) and other is not None:
        return _stopping(go, file, other) or _OPTIONAL
    return _after(go, file, block)


def _branch(go: GoCode, file: GoFile, block: Block, variable: str) -> Need | None:
    """What an if on emptiness of `variable` does; OPTIONAL for any other condition on it."""
    name = re.escape(variable)
    text = block.text
    if re.search(rf'(?<![\w.]){name} == ""|"" == {name}|len\({name}\) (?:== 0|< 1)', text):
        alone = "&&" not in text
        return (_stopping(go, file, block) if alone else None) or _OPTIONAL
    if re.search(rf'(?<![\w.]){name} != ""|"" != {name}|len\({name}\) (?:> 0|!= 0)', text):
        other = _else_of(file, block)
        if other is not None:
            return _stopping(go, file, other) or _OPTIONAL
        return _after(go, file, block)
    return _OPTIONAL


def _after(go: GoCode, file: GoFile, block: Block) -> Need:
    """After `if set { return value }` the program may stop at the end of the function."""
    function = go.function_at(file, block.parent)
    returns = any(j.kind == "return" and file.blocks[j.block] is block for j in file.jumps)
    if function is None or not returns or block.parent != function.block:
        return _OPTIONAL
    for call in file.calls:
        if call.block == function.block and call.line > block.end_line and _STOPS.search(call.name):
            return Need(REQUIRED, exits=True)
    return _OPTIONAL


def _switch(go: GoCode, file: GoFile, block: Block) -> Need:
    index = file.blocks.index(block)
    for case in file.blocks:
        if case.parent == index and case.kind == "case" and case.text in ("default", '""'):
            return _stopping(go, file, case) or _OPTIONAL
    return _OPTIONAL


def _else_of(file: GoFile, block: Block) -> Block | None:
    return next((b for b in file.blocks if b.kind == "else" and b.parent == block.parent and b.line == block.end_line), None)


def _stopping(go: GoCode, file: GoFile, block: Block) -> Need | None:
    """A need when `block` ends the program, or returns or notes an error."""
    index = next(i for i, b in enumerate(file.blocks) if b is block)
    for call in file.calls:
        if call.line <= block.end_line and go.inside(file, call.block, index) and _STOPS.search(call.name):
            return Need(REQUIRED, exits=True)
    function = go.function_at(file, index)
    for jump in file.jumps:
        if jump.kind == "return" and jump.block == index:
            if _ERRS.search(jump.text) and not jump.text.endswith(", nil"):
                return Need(REQUIRED)
            if function is not None and function.name == "main" and not function.receiver:
                return Need(REQUIRED, exits=True)
    if any(c.block == index and _MAKES_ERROR.search(c.name) for c in file.calls):
        return Need(REQUIRED)
    return None


def _of_field(go: GoCode, field: str) -> Need:
    """What the program does when a field that holds the variable is empty, wherever that is asked. Other sources of the field count."""
    asked = _comparisons(go).get(field, [])
    needs = [_branch(go, file, file.blocks[c.block], c.left) for file, c in asked if file.blocks[c.block].kind == "if"]
    stops = [n for n in needs if n is not None and n.kind == REQUIRED]
    if needs and len(stops) == len(needs) and not _set_elsewhere(go, field):
        return Need(REQUIRED, exits=False, field=field)
    return Need(OPTIONAL if asked else UNKNOWN, field=field)


def _comparisons(go: GoCode) -> dict[str, list[tuple[GoFile, Comparison]]]:
    """Comparisons of fields with nothing, by the field's name."""
    if "compared fields" not in go.memo:
        found: dict[str, list[tuple[GoFile, Comparison]]] = {}
        for file in go.files:
            if not file.is_test:
                for c in file.comparisons:
                    if c.right in ('""', "nil", "0") and c.operator in ("==", "!=") and "." in c.left:
                        found.setdefault(c.left.rpartition(".")[2], []).append((file, c))
        go.memo["compared fields"] = found
    return cast(dict[str, list[tuple[GoFile, Comparison]]], go.memo["compared fields"])


def _set_elsewhere(go: GoCode, field: str) -> bool:
    """Whether a field of that name is given a value in more than one place, or its address is given away (to a flag or a decoder)."""
    ending = f".{field}"
    times = 0
    for file in go.files:
        if file.is_test:
            continue
        times += sum(1 for a in file.assignments for n in a.names if n.endswith(ending))
        times += sum(1 for c in file.composites for n, _ in c.fields if n == field)
        if times > 1 or any(a.startswith("&") and a.endswith(ending) for c in file.calls for a in c.args):
            return True
    return False


def default_parameter(file: GoFile, function: Function, key: str) -> int | None:
    """Index of the parameter that a wrapper returns when the variable is empty."""
    returned = {j.text for j in file.jumps if j.kind == "return" and function.line <= j.line <= function.end_line}
    for index, (name, _) in enumerate(function.params):
        if name != key and (
            any(re.search(rf"\b{re.escape(name)}\b", t) for t in returned) or re.match(r"def|fallback|dflt|alt|or", name, re.I)
        ):
            return index
    return None
