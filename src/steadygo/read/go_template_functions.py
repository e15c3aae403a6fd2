"""The functions of Helm's templates that depend on nothing but their arguments.

A value is text, bool, None, a mapping, a list, or UNKNOWN; numbers stay text, so that "1.10" is printed as it was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

Known: TypeAlias = Any

_PLAIN = re.compile(r"[A-Za-z0-9_./@%+=(\ue000-][\w./@%+=():,;*{}\ue000 -]*")


class _Unknown:
    """A value that only the cluster, the user or an unsupported function knows."""


UNKNOWN: Known = _Unknown()
MAX_TEXT = 200_000


def is_true(value: Known) -> bool:
    """Go's truth; what is not known counts as true."""
    return value is UNKNOWN or (value not in (None, False, "", "0") and value != {} and value != [])


def shown(value: Known) -> str:
    """A value as a template prints it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else to_yaml(value)


def to_yaml(value: Known, indent: int = 0) -> str:
    """A value as block YAML without a newline at the end."""
    pad = " " * indent
    if isinstance(value, dict):
        if not value:
            return pad + "{}"
        return "\n".join(pad + _scalar(key) + ":" + _under(child, indent) for key, child in sorted(value.items()))
    if isinstance(value, list):
        return "\n".join(pad + "- " + to_yaml(child, indent + 2).lstrip() for child in value) if value else pad + "[]"
    return pad + _scalar(value)


def _under(value: Known, indent: int) -> str:
    if isinstance(value, dict | list) and value:
        return "\n" + to_yaml(value, indent + 2)
    return " " + to_yaml(value)


def _scalar(value: Known) -> str:
    if value is UNKNOWN:
        return "\ue000"
    if value is None:
        return "null"
    text = shown(value)
    return text if _PLAIN.fullmatch(text) and ": " not in text and not text.endswith((":", " ")) else json.dumps(text, ensure_ascii=False)


def _lift(function: Callable[..., Known]) -> Callable[..., Known]:
    """`function` of texts, UNKNOWN when an argument is."""

    def lifted(*arguments: Known) -> Known:
        return (
            UNKNOWN
            if any(a is UNKNOWN for a in arguments)
            else function(*(a if isinstance(a, dict | list) else shown(a) for a in arguments))
        )

    return lifted


def _indent(width: str, text: str) -> str:
    pad = " " * min(int(width), 200)
    return ("\n".join(pad + line for line in text.split("\n")))[:MAX_TEXT]


def _and(*values: Known) -> Known:
    return next((v for v in values if not is_true(v)), values[-1])


def _or(*values: Known) -> Known:
    return next((v for v in values if v is not UNKNOWN and is_true(v)), UNKNOWN if UNKNOWN in values else values[-1])


def _default(fallback: Known, value: Known = None) -> Known:
    return UNKNOWN if value is UNKNOWN else value if is_true(value) else fallback


def _printf(template: str, *arguments: str) -> str:
    values = iter(arguments)
    return re.sub(
        r"%[-+0-9.]*([sdvqtf%])", lambda m: "%" if m[1] == "%" else f'"{next(values, "")}"' if m[1] == "q" else next(values, ""), template
    )


def _get(mapping: Known, key: Known) -> Known:
    return mapping.get(key, "") if isinstance(mapping, dict) else UNKNOWN


def _merge(*mappings: Known) -> Known:
    mappings = tuple({} if m is None else m for m in mappings)
    if not all(isinstance(m, dict) for m in mappings):
        return UNKNOWN
    merged: dict[str, Known] = {}
    for mapping in reversed(mappings):
        merged |= mapping
    return merged


def _equal(first: str, *others: str) -> bool:
    return first in others


def _not(value: Known) -> Known:
    return UNKNOWN if value is UNKNOWN else not is_true(value)


def _ternary(yes: Known, no: Known, condition: Known) -> Known:
    return UNKNOWN if condition is UNKNOWN else yes if is_true(condition) else no


def _quote(*texts: str) -> str:
    return " ".join(json.dumps(text, ensure_ascii=False) for text in texts)


def _whole(text: str) -> str:
    return str(int(float(text or "0")))


def measured(value: Known, limit: int) -> int:
    """How many characters and nodes a value has, counted no further than `limit`."""
    size, stack = 0, [value]
    while stack and size <= limit:
        part = stack.pop()
        size += 1 + (len(part) if isinstance(part, str) else 0)
        if isinstance(part, dict | list):
            stack.extend(part.values() if isinstance(part, dict) else part)
    return size


def _replaced(old: str, new: str, text: str) -> str:
    if not old or len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise ValueError("too long")
    return text.replace(old, new)


def _index(value: Known, *keys: Known) -> Known:
    for key in keys:
        if value is UNKNOWN or key is UNKNOWN:
            return UNKNOWN
        value = value[int(key)] if isinstance(value, list) else value.get(shown(key)) if isinstance(value, dict) else None
    return value


def _dig(*parts: Known) -> Known:
    """The value under nested keys of the last argument, or the one before it."""
    *keys, fallback, value = parts
    for key in keys:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(shown(key)) if isinstance(value, dict) else None
    return fallback if value is None else value


def _kind_is(kind: str, value: Known) -> Known:
    if value is UNKNOWN:
        return UNKNOWN
    number = isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    if kind in ("float64", "int", "int64"):
        return number
    return {"map": dict, "slice": list, "string": str, "bool": bool, "invalid": type(None)}.get(kind) is type(value) and not number


def _all_known(function: Callable[..., Known]) -> Callable[..., Known]:
    """`function` of values as they are, UNKNOWN when an argument is."""
    return lambda *arguments: UNKNOWN if any(a is UNKNOWN for a in arguments) else function(*arguments)


FUNCTIONS: dict[str, Callable[..., Known]] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "default": _default,
    "ternary": _ternary,
    "get": _get,
    "merge": _merge,
    "mustMerge": _merge,
    "coalesce": lambda *values: next((v for v in values if is_true(v)), None),
    "required": lambda _, value: value if is_true(value) else UNKNOWN,
    "empty": _not,
    "dict": lambda *parts: {shown(parts[i]): parts[i + 1] for i in range(0, len(parts) - 1, 2)},
    "list": lambda *parts: list(parts),
    "hasKey": lambda mapping, key: key in mapping if isinstance(mapping, dict) else UNKNOWN,
    "toYaml": lambda value: UNKNOWN if value is UNKNOWN else to_yaml(value),
    "toJson": lambda value: UNKNOWN if value is UNKNOWN else json.dumps(value),
    "eq": _lift(_equal),
    "ne": _lift(lambda a, b: a != b),
    "gt": _lift(lambda a, b: float(a) > float(b)),
    "ge": _lift(lambda a, b: float(a) >= float(b)),
    "lt": _lift(lambda a, b: float(a) < float(b)),
    "le": _lift(lambda a, b: float(a) <= float(b)),
    "add": _lift(lambda *n: str(sum(int(x) for x in n))),
    "sub": _lift(lambda a, b: str(int(a) - int(b))),
    "mul": _lift(lambda a, b: str(int(a) * int(b))),
    "len": _lift(lambda value: str(len(value))),
    "int": _lift(_whole),
    "int64": _lift(_whole),
    "float64": _lift(lambda text: text),
    "toString": _lift(lambda text: text),
    "print": _lift(lambda *texts: "".join(texts)),
    "quote": _lift(_quote),
    "squote": _lift(lambda text: "'" + text.replace("'", "''") + "'"),
    "printf": _lift(_printf),
    "indent": _lift(_indent),
    "nindent": _lift(lambda width, text: "\n" + _indent(width, text)),
    "trunc": _lift(lambda width, text: text[: int(width)] if int(width) >= 0 else text[int(width) :]),
    "trim": _lift(str.strip),
    "trimSuffix": _lift(lambda suffix, text: text.removesuffix(suffix)),
    "trimPrefix": _lift(lambda prefix, text: text.removeprefix(prefix)),
    "lower": _lift(str.lower),
    "upper": _lift(str.upper),
    "title": _lift(str.title),
    "replace": _lift(_replaced),
    "contains": _lift(lambda part, text: part in text),
    "hasPrefix": _lift(lambda prefix, text: text.startswith(prefix)),
    "hasSuffix": _lift(lambda suffix, text: text.endswith(suffix)),
    "join": _lift(lambda separator, parts: separator.join(shown(p) for p in parts)),
    "kindIs": _kind_is,
    "typeIs": _kind_is,
    "typeOf": _all_known(lambda value: {dict: "map[string]interface {}", list: "[]interface {}", bool: "bool"}.get(type(value), "string")),
    "index": _index,
    "dig": _dig,
    "has": _all_known(lambda element, values: element in values),
    "concat": _all_known(lambda *lists: [element for values in lists for element in values or ()]),
    "uniq": _all_known(lambda values: [v for i, v in enumerate(values) if v not in values[:i]]),
    "append": _all_known(lambda values, element: [*values, element]),
    "first": _all_known(lambda values: values[0]),
    "until": _all_known(lambda count: [str(number) for number in range(min(int(count), 100))]),
    "keys": _all_known(lambda values: sorted(values)),
    "omit": _all_known(lambda values, *names: {k: v for k, v in values.items() if k not in names}),
    "pick": _all_known(lambda values, *names: {k: v for k, v in values.items() if k in names}),
    "lookup": lambda *_: {},
    "fail": lambda *_: None,
    "max": _lift(lambda *numbers: str(max(int(n) for n in numbers))),
    "min": _lift(lambda *numbers: str(min(int(n) for n in numbers))),
    "div": _lift(lambda a, b: str(int(a) // int(b))),
    "mod": _lift(lambda a, b: str(int(a) % int(b))),
}
