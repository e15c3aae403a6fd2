"""Quantities as Kubernetes and compose write them, in base units, and nodes as placed facts."""

from __future__ import annotations

import re

from steadygo.facts.place import Amount, Text
from steadygo.read.yaml_nodes import Node

_KUBERNETES = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([eE][+-]?\d{1,3})|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]))?")
_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgtp])i?b?|b)?", re.IGNORECASE)
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def kubernetes_quantity(text: str) -> float | None:
    """ "512Mi" → bytes, "500m" → 0.5, "1e3" → 1000; None when it is not a quantity."""
    match = _KUBERNETES.fullmatch(text.strip()) if len(text) < 60 else None
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    return float(number + (exponent or "")) * (_SUFFIXES[suffix] if suffix else 1.0)


def byte_size(text: str) -> float | None:
    """ "512m", "1g", "64kb", "1073741824" → bytes; letters count in 1024, as Docker does."""
    match = _SIZE.fullmatch(text.strip()) if len(text) < 60 else None
    if match is None:
        return None
    return float(match[1]) * (1024.0 ** ("kmgtp".index(match[2].lower()) + 1) if match[2] else 1.0)


def duration(text: str) -> float | None:
    """ "1m30s", "500ms", "1.5h" → seconds; a bare "0" is 0, any other bare number None."""
    text = text.strip()
    if text == "0":
        return 0.0
    if not text or len(text) > 60:
        return None
    end, total = 0, 0.0
    while end < len(text):
        match = _DURATION_PART.match(text, end)
        if match is None:
            return None
        total += float(match[1]) * _SECONDS[match[2]]
        end = match.end()
    return total


def number(text: str) -> float | None:
    """A plain decimal number."""
    return float(text) if re.fullmatch(r"\s*[+-]?\d{1,18}(\.\d{0,18})?\s*", text) else None


def text_fact(node: Node | None) -> Text | None:
    """A scalar as a Text; None for collections and null."""
    if node is None or node.text is None:
        return None
    return Text(node.text, node.line, node.column, node.path)


def amount_fact(node: Node | None, value: float | None) -> Amount | None:
    """A scalar as an Amount of `value`; None when either is missing."""
    if node is None or value is None or node.text is None:
        return None
    return Amount(value, node.text, node.line, node.column, node.path)
