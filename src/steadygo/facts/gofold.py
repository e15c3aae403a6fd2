"""Constant folding of expression texts: literals, constants, variables that never change, durations, fmt.Sprintf of constants.

An own small evaluator over at most 200 characters; nothing is executed. What is not constant folds to None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

Value: TypeAlias = str | int | float
Lookup: TypeAlias = Callable[[str], Value | None]
"""Value of a name, `x` or `pkg.Name`, None when it is not constant."""

DEEPEST = 40
_LARGEST_BITS = 256
_LONGEST = 4000

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
  | (?P<rune>'(?:[^'\\\n]|\\.)+')
  | (?P<number>0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?)
  | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
  | (?P<operator><<|>>|&\^|[-+*/%()&|^,])
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))")
_PLAIN_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}
_LEVELS = {"|": 1, "^": 1, "+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "<<": 2, ">>": 2, "&": 2, "&^": 2}
_INTEGERS = frozenset(
    ["int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr", "byte", "rune", "time.Duration"]
)
_VERB = re.compile(r"%([-+# 0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])")

KNOWN: dict[str, Value] = {
    "time.Nanosecond": 1,
    "time.Microsecond": 1_000,
    "time.Millisecond": 1_000_000,
    "time.Second": 1_000_000_000,
    "time.Minute": 60_000_000_000,
    "time.Hour": 3_600_000_000_000,
    "math.MaxInt": 2**63 - 1,
    "math.MaxInt8": 2**7 - 1,
    "math.MaxInt16": 2**15 - 1,
    "math.MaxInt32": 2**31 - 1,
    "math.MaxInt64": 2**63 - 1,
    "math.MaxUint8": 2**8 - 1,
    "math.MaxUint16": 2**16 - 1,
    "math.MaxUint32": 2**32 - 1,
    "math.MaxUint64": 2**64 - 1,
    "math.MinInt32": -(2**31),
    "math.MinInt64": -(2**63),
    **{f"net/http.Method{m.capitalize()}": m for m in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")},
}
"""Constants of the standard library by full name."""


class _NotConstant(Exception):
    """Raised inside the evaluator only."""


def fold(expression: str, lookup: Lookup, resolve: Callable[[str], str]) -> Value | None:
    """The value of `expression`, None when it is not constant. `resolve` gives a called name in full (`fmt.Sprintf`)."""
    if len(expression) > _LONGEST or "…" in expression:
        return None
    tokens = _tokens(expression)
    if not tokens:
        return None
    try:
        evaluator = _Evaluator(tokens, lookup, resolve)
        value = evaluator.expression(0, 0)
    except (_NotConstant, ZeroDivisionError, OverflowError):
        return None
    return value if evaluator.at == len(tokens) else None


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup is None:
            return []
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


def unquote(literal: str) -> str:
    """The value of a Go string or rune literal."""
    inner = literal[1:-1]
    if literal[0] == "`" or "\\" not in inner:
        return inner

    def put(found: re.Match[str]) -> str:
        plain, hexadecimal, short, long, octal = found.groups()
        if plain:
            return _PLAIN_ESCAPES[plain]
        code = int(octal, 8) if octal else int(hexadecimal or short or long, 16)
        return chr(code) if code < 0x110000 else "\ufffd"

    return _ESCAPE.sub(put, inner)


class _Evaluator:
    def __init__(self, tokens: list[tuple[str, str]], lookup: Lookup, resolve: Callable[[str], str]) -> None:
        self.tokens = tokens
        self.at = 0
        self._lookup = lookup
        self._resolve = resolve

    def expression(self, level: int, depth: int) -> Value:
        if depth > DEEPEST:
            raise _NotConstant
        left = self._operand(depth)
        while self.at < len(self.tokens):
            kind, operator = self.tokens[self.at]
            binds = _LEVELS.get(operator, 0) if kind == "operator" else 0
            if binds <= level:
                break
            self.at += 1
            left = _apply(operator, left, self.expression(binds, depth + 1))
        return left

    def _take(self, operator: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("operator", operator):
            self.at += 1
            return True
        return False

    def _operand(self, depth: int) -> Value:
        if self.at >= len(self.tokens) or depth > DEEPEST:
            raise _NotConstant
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "text":
            return unquote(text)
        if kind == "rune":
            character = unquote(text)
            if len(character) != 1:
                raise _NotConstant
            return ord(character)
        if kind == "number":
            return _number(text)
        if kind == "name":
            if self._take("("):
                return self._call(text, depth)
            value = self._lookup(text)
            if value is None:
                raise _NotConstant
            return value
        if text == "(":
            value = self.expression(0, depth + 1)
            if not self._take(")"):
                raise _NotConstant
            return value
        if text in ("-", "+", "^"):
            value = self._operand(depth + 1)
            if isinstance(value, str) or (text == "^" and isinstance(value, float)):
                raise _NotConstant
            return -value if text == "-" else ~int(value) if text == "^" else value
        raise _NotConstant

    def _call(self, name: str, depth: int) -> Value:
        args: list[Value] = []
        while not self._take(")"):
            args.append(self.expression(0, depth + 1))
            if not self._take(",") and self.tokens[self.at : self.at + 1] != [("operator", ")")]:
                raise _NotConstant
        full = self._resolve(name)
        if full == "fmt.Sprintf" and args and isinstance(args[0], str):
            return _sprintf(args[0], args[1:])
        if len(args) == 1:
            value = args[0]
            if full in _INTEGERS and not isinstance(value, str):
                return int(value)
            if full in ("float32", "float64") and not isinstance(value, str):
                return float(value)
            if (full == "string" and isinstance(value, str)) or full == "conversion":
                return value
        raise _NotConstant


def _number(text: str) -> Value:
    plain = text.replace("_", "")
    try:
        if plain[:2].lower() in ("0x", "0b", "0o"):
            return int(plain, 0)
        if "." in plain or "e" in plain.lower():
            return float(plain)
        return int(plain, 8) if len(plain) > 1 and plain[0] == "0" else int(plain)
    except ValueError:
        raise _NotConstant from None


def _apply(operator: str, left: Value, right: Value) -> Value:
    if isinstance(left, str) or isinstance(right, str):
        if operator == "+" and isinstance(left, str) and isinstance(right, str) and len(left) + len(right) <= _LONGEST:
            return left + right
        raise _NotConstant
    if operator in ("+", "-", "*"):
        result = left + right if operator == "+" else left - right if operator == "-" else left * right
        if isinstance(result, int) and result.bit_length() > _LARGEST_BITS:
            raise _NotConstant
        return result
    if operator == "/":
        if isinstance(left, float) or isinstance(right, float):
            return left / right
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    if isinstance(left, float) or isinstance(right, float):
        raise _NotConstant
    return _bits(operator, left, right)


def _bits(operator: str, left: int, right: int) -> int:
    if operator == "%":
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    if operator in ("<<", ">>"):
        if not 0 <= right <= _LARGEST_BITS or left.bit_length() + right > 2 * _LARGEST_BITS:
            raise _NotConstant
        return left << right if operator == "<<" else left >> right
    return {"&": left & right, "|": left | right, "^": left ^ right, "&^": left & ~right}[operator]


def _sprintf(pattern: str, args: list[Value]) -> str:
    rest = iter(args)

    def put(found: re.Match[str]) -> str:
        flags, width, precision, verb = found.groups()
        if verb == "%":
            return "%"
        value = next(rest, None)
        if value is None or int(width or 0) > 100 or int(precision or 0) > 100:
            raise _NotConstant
        if verb == "q" and isinstance(value, str):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if verb in "sv" and isinstance(value, str) and precision is None:
            return f"{value:<{width or 0}}" if "-" in flags else f"{value:>{width or 0}}"
        if isinstance(value, int) and (verb == "d" or (verb == "v" and value < 1_000_000)):  # a Duration prints otherwise with %v
            return f"{value:{'0' if '0' in flags else ''}{width}d}"
        raise _NotConstant

    text = _VERB.sub(put, pattern)
    if next(rest, None) is not None:
        raise _NotConstant
    return text
