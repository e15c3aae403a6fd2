"""Go templates as charts use them, evaluated as far as the values are known. Nothing is executed or fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from steadygo.read.go_template_functions import FUNCTIONS, UNKNOWN, Known, is_true, measured, shown

_ACTION = re.compile(
    r"\{\{(-?)(\s*/\*.{0,4000}?\*/\s*|(?:\"(?:\\.|[^\"\\\n]){0,1000}\"|`[^`]{0,2000}`|[^\"`{}]|\{(?!\{)|\}(?!\})){0,2000}?)(-?)\}\}",
    re.DOTALL,
)
_TOKEN = re.compile(r'\s*("(?:\\.|[^"\\])*"|`[^`]*`|\$?[\w]*(?:\.\w+)+|\$\w*|\.|[+-]?\d+(?:\.\d+)?|[A-Za-z_]\w*|:=|=|\)(?:\.\w+)+|[()|,])')
_OPENS = re.compile(r"(if|with|range|define|block)\b\s*(.*)", re.DOTALL)
_ELSE = re.compile(r"else\b\s*(?:(if|with)\b\s*(.*))?", re.DOTALL)
MAX_STEPS = 50_000
MAX_OUTPUT = 1_000_000
MAX_DEPTH = 30
MAX_VALUE = 100_000  # characters and nodes of a value that a function makes
Piece: TypeAlias = tuple[str, int, bool]  # text, its line in the template, whether it stands there literally
MARK = "\ue000"  # stands in the output for what is not known


@dataclass
class Block:
    """A piece of a template: text, an action, or an if/with/range with its branches (condition or "", body)."""

    kind: str
    line: int
    text: str = ""
    branches: list[tuple[str, list[Block]]] = field(default_factory=list)


def parse(text: str) -> tuple[list[Block], dict[str, list[Block]]]:
    """(the template's pieces, its named templates). Unbalanced ends are closed where the text ends."""
    top: list[Block] = []
    named: dict[str, list[Block]] = {}
    stack: list[tuple[Block | None, list[Block]]] = [(None, top)]
    position, line, trim = 0, 1, False
    for match in _ACTION.finditer(text):
        raw = text[position : match.start()]
        _add_text(stack[-1][1], raw, line, trim, bool(match[1]))
        line += raw.count("\n")
        body = match[2].strip()
        trim, position = bool(match[3]), match.end()
        opening = _OPENS.match(body)
        alternative = _ELSE.fullmatch(body)
        if opening and len(stack) < MAX_DEPTH:
            block = Block(opening[1], line, opening[2].strip(), [(opening[2].strip(), [])])
            if opening[1] in ("define", "block"):
                named[_unquoted(opening[2].split()[0]) if opening[2].split() else ""] = block.branches[0][1]
            if opening[1] != "define":
                stack[-1][1].append(block)
            stack.append((block, block.branches[0][1]))
        elif alternative and stack[-1][0] is not None:
            block = stack[-1][0]
            block.branches.append(((alternative[2] or "").strip(), []))
            stack[-1] = (block, block.branches[-1][1])
        elif body == "end":
            if len(stack) > 1:
                stack.pop()
        elif body and not body.startswith("/*"):
            stack[-1][1].append(Block("action", line, body))
        line += match[0].count("\n")
    _add_text(stack[-1][1], text[position:], line, trim, False)
    return top, named


def _add_text(body: list[Block], raw: str, line: int, trim_left: bool, trim_right: bool) -> None:
    if trim_left:
        kept = raw.lstrip()
        line += raw[: len(raw) - len(kept)].count("\n")
        raw = kept
    raw = raw.rstrip() if trim_right else raw
    if raw:
        body.append(Block("text", line, raw))


def _unquoted(text: str) -> str:
    return text.strip("\"`'")


class Renderer:
    """One rendering: output pieces with the template line of each, and what could not be evaluated as (line, expression)."""

    def __init__(self, context: Mapping[str, Known], named: Mapping[str, list[Block]]) -> None:
        self.unknown: list[tuple[int, str]] = []
        self._context = dict(context)
        self._named = named
        self._steps = 0
        self._size = 0

    def render(self, body: Sequence[Block]) -> list[Piece]:
        """The output."""
        out: list[Piece] = []
        self._body(body, self._context, {"$": self._context}, out, 0)
        return out

    def _body(self, body: Sequence[Block], dot: Known, variables: dict[str, Known], out: list[Piece], depth: int) -> None:
        for block in body:
            self._steps += 1
            if self._steps > MAX_STEPS or self._size > MAX_OUTPUT or depth > MAX_DEPTH:
                return
            if block.kind == "text":
                self._size += len(block.text)
                out.append((block.text, block.line, True))
            elif block.kind == "action":
                value = self._evaluate(block.text, dot, variables, depth)
                if value is UNKNOWN:
                    self.unknown.append((block.line, block.text[:80]))
                block_of_text = value is UNKNOWN and "nindent" in block.text
                text = "" if value is _NOTHING or block_of_text else MARK if value is UNKNOWN else shown(value)
                self._size += len(text)
                out.append((text, block.line, False))
            elif block.kind == "range":
                self._range(block, dot, variables, out, depth)
            else:
                self._choose(block, dot, variables, out, depth)

    def _choose(self, block: Block, dot: Known, variables: dict[str, Known], out: list[Piece], depth: int) -> None:
        for condition, body in block.branches:
            scope = dict(variables)
            value: Known = True
            if condition and block.kind != "block":
                value = self._evaluate(condition, dot, scope, depth)
                value = scope["$="] if value is _NOTHING else value
            if value is UNKNOWN:
                self.unknown.append((block.line, f"{block.kind} {condition[:80]}"))
            if is_true(value):
                self._body(body, value if block.kind == "with" and condition else dot, scope, out, depth + 1)
                for name in variables:
                    variables[name] = scope.get(name, variables[name])
                return

    def _range(self, block: Block, dot: Known, variables: dict[str, Known], out: list[Piece], depth: int) -> None:
        condition, body = block.branches[0]
        names, _, expression = condition.rpartition(":=")
        value = self._evaluate(expression, dot, variables, depth)
        if value is UNKNOWN:
            self.unknown.append((block.line, f"range {expression[:80]}"))
            return
        pairs: list[tuple[Known, Known]] = []
        if isinstance(value, dict):
            pairs = [(key, value[key]) for key in sorted(value)]
        elif isinstance(value, list):
            pairs = [(str(index), element) for index, element in enumerate(value)]
        if not pairs and len(block.branches) > 1:
            self._body(block.branches[1][1], dot, dict(variables), out, depth + 1)
        targets = [name.strip() for name in names.split(",") if name.strip()]
        for key, element in pairs:
            scope = dict(variables)
            scope.update(zip(targets, (key, element) if len(targets) == 2 else (element,), strict=False))
            self._body(body, element, scope, out, depth + 1)

    def _evaluate(self, expression: str, dot: Known, variables: dict[str, Known], depth: int) -> Known:
        tokens = _TOKEN.findall(expression)
        if len(tokens) > 200:
            return UNKNOWN
        if len(tokens) > 2 and tokens[0].startswith("$") and tokens[1] in (":=", "="):
            value, _ = self._pipeline(tokens, 2, dot, variables, depth)
            variables[tokens[0]] = variables["$="] = value
            return _NOTHING
        if tokens and tokens[0] == "template":
            tokens[0] = "include"
        value, _ = self._pipeline(tokens, 0, dot, variables, depth)
        return value

    def _pipeline(self, tokens: list[str], at: int, dot: Known, variables: dict[str, Known], depth: int) -> tuple[Known, int]:
        piped: list[Known] = []
        while True:
            self._steps += 1
            words: list[tuple[str, Known]] = []
            while at < len(tokens) and tokens[at] != "|" and tokens[at][0] != ")":
                if tokens[at] == "(":
                    value, at = self._pipeline(tokens, at + 1, dot, variables, depth + 1) if depth < MAX_DEPTH else (UNKNOWN, len(tokens))
                    words.append(("", _walk(value, tokens[at - 1].split(".")[1:] if at <= len(tokens) else [])))
                    continue
                words.append(self._word(tokens[at], dot, variables))
                at += 1
            value = self._call(words, piped, dot, depth)
            if at >= len(tokens) or tokens[at][0] == ")":
                return value, at + 1
            piped, at = [value], at + 1

    def _word(self, token: str, dot: Known, variables: dict[str, Known]) -> tuple[str, Known]:
        """(function's name or "", value)."""
        if token[0] in '"`':
            text = token[1:-1]
            return "", text.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\") if token[0] == '"' else text
        if token == ".":
            return "", dot
        if token[0] == ".":
            return "", _walk(dot, token.split(".")[1:])
        if token[0] == "$":
            name, *rest = token.split(".")
            return "", _walk(variables.get(name, UNKNOWN), rest)
        if token in ("true", "false", "nil"):
            return "", {"true": True, "false": False, "nil": None}[token]
        return ("", token) if token[0].isdigit() or token[0] in "+-" else (token, UNKNOWN)

    def _call(self, words: list[tuple[str, Known]], piped: list[Known], dot: Known, depth: int) -> Known:
        if not words:
            return UNKNOWN
        name = words[0][0]
        if not name:
            return words[0][1]
        arguments = [value if not word else self._call([(word, value)], [], dot, depth) for word, value in words[1:]] + piped
        if name in ("include", "tpl"):
            return self._include(name, arguments, depth)
        function = FUNCTIONS.get(name)
        if function is None:
            return UNKNOWN
        try:
            value = function(*arguments)
        except (TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
            return UNKNOWN
        if isinstance(value, str | dict | list):
            size = measured(value, MAX_VALUE)
            self._steps += size // 50
            return value if size <= MAX_VALUE else UNKNOWN
        return value

    def _include(self, name: str, arguments: list[Known], depth: int) -> Known:
        if not arguments or not isinstance(arguments[0], str) or depth >= MAX_DEPTH:
            return UNKNOWN
        if name == "tpl":
            if "{{" not in arguments[0]:
                return arguments[0]
            body: list[Block] | None = parse(arguments[0])[0]
        else:
            body = self._named.get(arguments[0])
        if body is None:
            return UNKNOWN
        out: list[Piece] = []
        dot = arguments[1] if len(arguments) > 1 else None
        before = len(self.unknown)
        self._body(body, dot, {"$": dot}, out, depth + 1)
        del self.unknown[before:]  # their lines are another file's; the mark in the text tells
        text = "".join(piece[0] for piece in out)
        return text if len(text) <= MAX_VALUE else UNKNOWN


class _Nothing:
    """What an assignment prints."""


_NOTHING: Known = _Nothing()


def _walk(value: Known, path: Sequence[str]) -> Known:
    for name in path:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(name) if isinstance(value, dict) else None
    return value
