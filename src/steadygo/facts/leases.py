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
_QUICK = re.compile(r"lease|lock|leader|elect|mutex", re.I)
_SQL_METHODS = tuple(f".{n}{c}" for n in ("Exec", "Query", "QueryRow", "NamedExec", "Get", "Select", "MustExec") for c in ("", "Context"))
_ORM = re.compile(r"(?:^|\.)(?:Where|Update|Updates|First|Save|Create|Raw|FirstOrCreate|UpdateColumn)$")
_ORM_RECEIVER = re.compile(r"\b(?:db|tx|gorm|orm|conn|session|query|store|repo)\b", re.I)
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
        memo["lease code"] = _lease_code(repository)
    return cast(list[LeaseCode], memo["lease code"])


def _lease_code(repository: Repository) -> list[LeaseCode]:
    found: dict[tuple[str, int], tuple[GoFile, Function]] = {}
    for file in repository.go.files:
        if file.is_test:
            continue
        named = _about_leases(file.path.rpartition("/")[2].removesuffix(".go"))
        for function in file.functions:
            if function.name and (named or _about_leases(function.name) or _about_leases(function.receiver)):
                found[file.path, function.block] = file, function
    for file, call in repository.go.calls(*_SQL_METHODS):
        if any(_TABLE.search(a) for a in call.args):
            holder = repository.go.declared_function_at(file, call.block)
            if holder is not None:
                found[file.path, holder.block] = file, holder
    return [c for file, function in found.values() if (c := _code(repository, file, function)) is not None]


def _about_leases(name: str) -> bool:
    return bool(_QUICK.search(name)) and not _NOT_LEASE.search(name) and bool(_LEASE_WORDS & {w.lower() for w in _WORDS.findall(name)})


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
    compared = {
        c.line
        for c in file.comparisons
        if function.line <= c.line <= function.end_line
        and c.operator in ("<", ">", "<=", ">=")
        and "time.Now().Unix" in f"{c.left} {c.right}"
    }
    judged = tuple(c for c in calls if _judges(repository, file, c, now) or (c.name == "time.Now" and c.line in compared))
    stored = tuple(c for c in stores if any(_is_now(a, now) for a in c.args))
    return LeaseCode(file, function, calls, stores, judged, stored)


def _judges(repository: Repository, file: GoFile, call: Call, now: set[str]) -> bool:
    """Whether `call` compares a time that is not from this function with the local clock."""
    if call.name in ("time.Since", "time.Until"):
        return call.use in ("condition", "operand") and not set(call.args) & now
    if not _JUDGES.match(repository.go.resolved(file, call).name) and not (call.receiver in now and call.name in (".Before", ".After")):
        return False
    return bool({call.receiver, *call.args} & now) or any("time.Now()" in a for a in call.args)


def _reaches_store(call: Call) -> bool:
    """SQL, an ORM, a document store, or a time that was kept as text."""
    if _STORES.search(call.name) or call.name == "time.Parse":
        return True
    if call.receiver and _ORM.search(call.name) and _ORM_RECEIVER.search(call.receiver):
        return True
    return bool(call.receiver) and bool(_SQL.search(call.name)) and any(_TEXT_SQL.search(a) for a in call.args)


def _is_now(argument: str, now: set[str]) -> bool:
    return any(argument == n or argument.startswith((f"{n}.Add(", f"{n}.Unix")) for n in now) or bool(re.match(r"time\.Now\(\)", argument))
