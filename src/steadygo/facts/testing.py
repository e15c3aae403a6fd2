"""What rules about tests look at, collected in one pass: test files are decoded one at a time and not kept."""

from __future__ import annotations

from dataclasses import dataclass

from steadygo.facts import testplaces, teststate, testtimes
from steadygo.facts.gocode import GoCode
from steadygo.facts.roles import aside
from steadygo.facts.testfile import Spot, TestFile


@dataclass(frozen=True)
class Survey:
    """Places in tests, in the order of the files."""

    sleeps: tuple[Spot, ...]
    draws: tuple[Spot, ...]
    local_times: tuple[Spot, ...]
    left: tuple[Spot, ...]
    databases: tuple[Spot, ...]
    files: tuple[Spot, ...]


def survey(code: GoCode) -> Survey:
    """The survey of `code`, made once. Generated tests and those of examples and tools are left out."""
    found = code.memo.get("tests")
    if not isinstance(found, Survey):
        found = code.memo["tests"] = _made(code)
    return found


def _made(code: GoCode) -> Survey:
    sleeps: list[Spot] = []
    draws: list[Spot] = []
    local_times: list[Spot] = []
    left: list[Spot] = []
    databases: list[Spot] = []
    files: list[Spot] = []
    openers = testplaces.openers(code)
    for file in code.files:
        if not file.is_test or file.generated or aside(file.directory + "/x"):
            continue
        test = TestFile(code, file)
        sleeps += testtimes.sleeps(test)
        draws += testtimes.draws(test)
        local_times += testtimes.local_times(test)
        left += teststate.left(test)
        databases += testplaces.databases(test, openers)
        files += testplaces.files(test)
    return Survey(tuple(sleeps), tuple(draws), tuple(local_times), tuple(left), tuple(databases), tuple(files))
