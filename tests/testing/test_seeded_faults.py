"""Each seeded fault gets its right cause, and its healthy twin none."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from go_tests import INSTALL_GO, Bench
from seeded_faults import Fault, load

Give = Callable[..., Bench]

SEEDS = load()
NOT_YET = frozenset(
    [
        "checkout-path",
        "select-order",
        "order-cleaner",
        "temp-name",
        "fixed-port",
        "leftover-rows",
        "parallel-subtests",
        "go-version",
        "memory",
        "cpu-count",
        "network",
        "home",
        "cold-cache",
        "open-files",
        "root",
        "race-only",
    ]
)
QUICK = ("order-variable", "timezone", "umask")


def _lacking(fault: Fault) -> str:
    """What this machine would need to show the fault, "" when it can."""
    there = {
        "": True,
        "root": os.geteuid() == 0,
        "two processors": len(os.sched_getaffinity(0)) > 1,
        "a way out": _way_out(),
        "go 1.21.13": INSTALL_GO.program("1.21.13").exists(),
    }
    return "" if there[fault.needs] else fault.needs


def _way_out() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return probe.connect_ex(("203.0.113.1", 9)) == 0


def _diagnosed(give: Give, fault: Fault, kind: str) -> dict[str, Any]:
    """The answer of `steadygo test diagnose`, with a home, a temporary directory and other toolchains of its own."""
    here = give(fault.files(kind))
    home, scratch = Path(here.environment["HOME"]), here.root.parent / "tmp"
    for directory in (home / "sdk", scratch):
        directory.mkdir(parents=True)
    for name, text in fault.home.items():
        (home / name).write_text(text)
    for version in ("1.21.13", "1.27.3"):
        (home / "sdk" / f"go{version}").symlink_to(INSTALL_GO.program(version).parents[1])
    process = here.start("test", "diagnose", fault.package, fault.test, "--json", TMPDIR=str(scratch), **fault.environment)
    out, err = process.communicate(timeout=240)
    assert process.returncode in (0, 1), err.decode()
    found: dict[str, Any] = json.loads(out)
    assert process.returncode == (0 if found["kind"] == "stable" else 1)
    return found


def _cases(names: Iterable[str]) -> list[Fault]:
    return [fault for fault in SEEDS if fault.name in names]


def _judge(give: Give, fault: Fault) -> None:
    if (lacking := _lacking(fault)) != "":
        pytest.skip(f"it takes {lacking} to show this")
    if fault.name in NOT_YET:
        pytest.xfail("not yet")
    found = _diagnosed(give, fault, "faulty")
    assert fault.is_right(found), found


@pytest.mark.parametrize("fault", _cases(QUICK), ids=lambda f: f.name)
def test_names_the_cause_of_a_few(bench: Give, fault: Fault) -> None:
    _judge(bench, fault)


@pytest.mark.slow
@pytest.mark.parametrize("fault", _cases({f.name for f in SEEDS} - set(QUICK)), ids=lambda f: f.name)
def test_names_the_cause(bench: Give, fault: Fault) -> None:
    _judge(bench, fault)


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
