"""Judging on two cores says exactly what judging on one says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steadygo.rules import registry
from steadygo.scan import halves, settings
from steadygo.scan.assemble import assemble, decode
from steadygo.scan.discover import discover
from steadygo.scan.judge import judge
from steadygo.scan.reading import read_all

ORDERS = Path(__file__).parents[2] / "examples" / "orders"


@pytest.mark.parametrize("child_dies", [False, True])
def test_says_the_same_on_two_cores(child_dies: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stated = settings.load(ORDERS)
    found = discover(ORDERS, stated, lambda path, signature: None)
    reads = read_all(ORDERS, found.files, frozenset(), lambda done, total: None)
    artefacts, _ = decode(sorted(((r.path, r.facts) for r in reads), reverse=True))
    repository = assemble(ORDERS.name, stated, artefacts, found.unread, frozenset(found.paths))
    rules = registry.load_all()
    alone = judge(repository, rules)
    assert len(alone.findings) > 100
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    if child_dies:
        monkeypatch.setattr(halves, "_child", lambda *arguments: os._exit(9))
    both = halves.judge_on_two_cores(repository, rules, lines=100_000)
    assert both.findings == alone.findings
    assert both.not_known == alone.not_known
