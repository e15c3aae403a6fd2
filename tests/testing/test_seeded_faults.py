"""Each seeded fault gets its right cause, and its healthy twin none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from go_tests import Bench
from seeded_faults import Fault, load

Give = Callable[..., Bench]

SEEDS = load()
NOT_YET = frozenset({"order-cleaner"})


def _diagnosed(give: Give, fault: Fault, kind: str) -> dict[str, Any]:
    here = give(fault.files(kind))
    process = here.start("test", "diagnose", fault.package, fault.test, "--json", **fault.environment)
    out, err = process.communicate(timeout=240)
    assert process.returncode in (0, 1), err.decode()
    found: dict[str, Any] = json.loads(out)
    assert process.returncode == (0 if found["kind"] == "stable" else 1)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("fault", SEEDS, ids=lambda f: f.name)
def test_names_the_cause(bench: Give, fault: Fault) -> None:
    if fault.name in NOT_YET:
        pytest.xfail("not yet")
    found = _diagnosed(bench, fault, "faulty")
    assert fault.is_right(found), found


@pytest.mark.slow
@pytest.mark.parametrize("fault", SEEDS, ids=lambda f: f.name)
def test_finds_nothing_in_the_healthy_twin(bench: Give, fault: Fault) -> None:
    found = _diagnosed(bench, fault, "healthy")
    assert found["kind"] == "stable", found


@pytest.mark.parametrize("fault", SEEDS, ids=lambda f: f.name)
def test_a_twin_differs_and_the_fault_is_marked(fault: Fault) -> None:
    assert fault.files("healthy") != fault.files("faulty")
    assert fault.lines_at_fault()
    assert fault.package
