"""Which metrics a PromQL expression selects. Grafana's variables may stand anywhere; LogQL selects none."""

from __future__ import annotations

import re

_VARIABLE = r"\$\{[^}]{0,200}\}|\$[A-Za-z_]\w*|\[\[\w+(?::\w+)?\]\]"
_TOKEN = re.compile(
    rf"""(?P<string>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`[^`]*+`)
    |(?P<name>(?:[A-Za-z_:]|{_VARIABLE})(?:[A-Za-z0-9_:]+|{_VARIABLE})*)
    |(?P<number>\.?\d(?:[eE][+-]\d|[\w.])*(?:{_VARIABLE})?)
    |(?P<comment>\#[^\n]*)
    |(?P<space>\s+)
    |(?P<mark>=~|!~|!=|==|>=|<=|.)""",
    re.X | re.S,
)
_GROUPINGS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_OPERATORS = frozenset({"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "smoothed", "anchored"})
_AGGREGATIONS = frozenset(
    {
        "sum",
        "min",
        "max",
        "avg",
        "group",
        "stddev",
        "stdvar",
        "count",
        "count_values",
        "bottomk",
        "topk",
        "quantile",
        "limitk",
        "limit_ratio",
    }
)


def metrics(text: str) -> tuple[str, ...]:
    """The metric names that `text` selects, in order, each once. A name built from a variable or a regular expression is left out."""
    tokens = [(m.lastgroup or "", m[0]) for m in _TOKEN.finditer(text) if m.lastgroup not in ("space", "comment")]
    found: dict[str, None] = {}
    position = 0
    while position < len(tokens):
        kind, token = tokens[position]
        following = tokens[position + 1][1] if position + 1 < len(tokens) else ""
        if token == "|":  # a pipe is LogQL's
            return ()
        if token == "{":
            position = _selector(tokens, position + 1, found)
        elif token == "[":
            position = _past(tokens, position, "[", "]")
        elif kind == "name" and (word := token.lower()) in _GROUPINGS:
            position = _past(tokens, position + 1, "(", ")") if following == "(" else position + 1
        elif kind == "name":
            aggregates = word in _AGGREGATIONS and following.lower() in ("by", "without")
            if following != "(" and word not in _OPERATORS and not aggregates and "$" not in token and "[" not in token:
                found.setdefault(token)
            position += 1
        else:
            position += 1
    return tuple(found)


def _past(tokens: list[tuple[str, str]], position: int, opening: str, closing: str) -> int:
    """The position after the bracket that closes the one at `position`."""
    depth = 0
    while position < len(tokens):
        token = tokens[position][1]
        position += 1
        if token == opening:
            depth += 1
        elif token == closing:
            depth -= 1
            if depth == 0:
                break
    return position


def _selector(tokens: list[tuple[str, str]], position: int, found: dict[str, None]) -> int:
    """Read label matchers up to `}`: `__name__="x"` and a lone quoted string name the metric."""
    matcher: list[tuple[str, str]] = []
    while position < len(tokens):
        kind, token = tokens[position]
        position += 1
        if kind == "mark" and token in (",", "}"):
            name = ""
            if len(matcher) == 1 and matcher[0][0] == "string":
                name = matcher[0][1][1:-1]
            elif [t for _, t in matcher[:2]] == ["__name__", "="] and len(matcher) == 3 and matcher[2][0] == "string":
                name = matcher[2][1][1:-1]
            if name and "$" not in name and "[[" not in name:
                found.setdefault(name)
            matcher = []
            if token == "}":
                break
        else:
            matcher.append((kind, token))
    return position
