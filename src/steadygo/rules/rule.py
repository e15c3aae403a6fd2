"""What a rule is. One file a rule; the folder is the registry (rules/registry.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from steadygo.findings import Confidence, Finding, NotKnown, Severity

if TYPE_CHECKING:
    from steadygo.facts.repository import Repository

Tree: TypeAlias = Mapping[str, str]
"""A small repository: path -> text."""

Check: TypeAlias = Callable[["Repository"], Iterator[Finding | NotKnown]]


@dataclass(frozen=True)
class Rule:
    """A rule's metadata, its check and its examples.

    `needs` says when the rule applies to a service: every word must be present there. Words: go image workload compose kubernetes
    unit pipeline probe alerts dashboard openapi migration tests module environment delivery (image, workload, unit or release)
    database, or import:PATH (a prefix of an import path).
    In `fails` the line that must be found ends in a comment with the word `want`, or follows a line that holds `want below`.
    Each tree of `passes` must stay free of this rule's findings: put near misses there.
    """

    severity: Severity
    confidence: Confidence
    since: str
    check: Check
    fails: Tree | tuple[Tree, ...]
    passes: Tree | tuple[Tree, ...]
    needs: tuple[str, ...] = ("go",)
