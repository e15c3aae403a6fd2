"""Functions that keep leases, locks or leadership in shared storage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.repository import Repository

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LEASE_WORDS = frozenset({"lease", "leases", "lock", "locks", "locker", "leader", "leadership", "election", "elect", "elector", "mutex"})
_NOT_LEASE = re.compile(r"lockout|locked|unlock(?:ed)?at|password|login|account|attempt|block", re.I)
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|TABLE)\s+[\w.\"`]*(?:lease|leader|_lock|locks)\w*", re.I)
_SQL = re.compile(r"(?:^|\.)(?:Exec|Query|QueryRow|NamedExec|NamedQuery|Get|Select|MustExec)(?:Context)?$")
_TEXT_SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|MERGE|REPLACE)\b", re.I)
_STORES = re.compile(r"(?:^|\.)(?:SetNX|SetXX|PutItem\w*|UpdateItem\w*|GetObject|PutObject|ReplaceOne|FindOneAndUpdate|UpdateOne)$")
_JUDGES = re.compile(r"^time\.Time\.(?:Before|After|Compare)$")


@dataclass(frozen=True)
class LeaseCode:
    """`stores` reach shared storage; `judged_clocks` compare with the local time; `stored_clocks` hand it to the storage."""

    file: GoFile
    function: Function
    calls: tuple[Call, ...]
    stores: tuple[Call, ...]
    judged_clocks: tuple[Call, ...]
    stored_clocks: tuple[Call, ...]


def lease_code(repository: Repository) -> list[LeaseCode]:
    """Every declared function about a lease that reaches shared storage, tests left out."""
    memo = repository.go.memo
    if "lease code" not in memo:
        memo["lease code"] = [c for f in repository.go.files if not f.is_test for c in _in_file(repository, f)]
    return cast(list[LeaseCode], memo["lease code"])


def _in_file(repository: Repository, file: GoFile) -> list[LeaseCode]:
    named = _about_leases(file.path.rpartition("/")[2].removesuffix(".go"))
    functions = [f for f in file.functions if f.name and (named or _about_leases(f.name) or _about_leases(f.receiver))]
    if not functions:
        return [] if not any(_TABLE.search(a) for c in file.calls for a in c.args) else _by_table(repository, file)
    return [c for f in functions if (c := _code(repository, file, f)) is not None]


def _by_table(repository: Repository, file: GoFile) -> list[LeaseCode]:
    blocks = {repository.go.declared_function_at(file, c.block) for c in file.calls if any(_TABLE.search(a) for a in c.args)}
    return [c for f in file.functions if f in blocks and (c := _code(repository, file, f)) is not None]


def _about_leases(name: str) -> bool:
    return not _NOT_LEASE.search(name) and bool(_LEASE_WORDS & {w.lower() for w in _WORDS.findall(name)})


def _code(repository: Repository, file: GoFile, function: Function) -> LeaseCode | None:
    calls = tuple(c for c in file.calls if function.line <= c.line <= function.end_line and c.block >= function.block)
    stores = tuple(c for c in calls if _reaches_store(c))
    if not stores or any(_NOT_LEASE.search(a) for c in stores for a in c.args):
        return None
    now = {"time.Now()"} | {
        a.names[0]
        for a in file.assignments
        if function.line <= a.line <= function.end_line
        and len(a.names) == len(a.values) == 1
        and re.fullmatch(r"time\.Now\(\)(\.UTC\(\))?", a.values[0])
    }
    judged = tuple(
        c
        for c in calls
        if _JUDGES.match(repository.go.resolved(file, c).name) and ({c.receiver, *c.args} & now or any("time.Now()" in a for a in c.args))
    )
    stored = tuple(c for c in stores if any(_is_now(a, now) for a in c.args))
    return LeaseCode(file, function, calls, stores, judged, stored)


def _reaches_store(call: Call) -> bool:
    if _STORES.search(call.name):
        return True
    return bool(call.receiver) and bool(_SQL.search(call.name)) and any(_TEXT_SQL.search(a) for a in call.args)


def _is_now(argument: str, now: set[str]) -> bool:
    return any(argument == n or argument.startswith((f"{n}.Add(", f"{n}.Unix")) for n in now) or bool(re.match(r"time\.Now\(\)", argument))
