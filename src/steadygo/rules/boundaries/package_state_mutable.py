"""A setting changes under the feet of everything that uses it: it lives in a package variable that the running program assigns.

A package variable has no owner. Whoever imports the package may write it, no signature says that a function depends on it, and two
requests (or two tests) see each other's value. When the value is wrong at night nothing shows who set it.

An exported variable that a request, a goroutine or an endless loop assigns is a hazard. One that some function assigns later than init and
main is a note. A package is told once. Assignments in init, main and sync.Once, and variables given to flag parsers, are left out.

Fix: hold the value in a struct that main makes and hands on; for a value that changes while the program runs use atomic.Pointer in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.packagestate import Change, changes
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_LIVE = {
    "request": "requests assign it",
    "goroutine": "a goroutine assigns it",
    "loop": "an endless loop assigns it",
    "": "assigned here, after the start",
}


def check(facts: Repository) -> Iterator[Finding]:
    by_package: dict[str, dict[str, list[Change]]] = {}
    for change in changes(facts.go):
        if facts.ships(change.file.path) and facts.ships(change.at.path):
            by_package.setdefault(change.package.directory, {}).setdefault(change.declaration.name, []).append(change)
    for directory, variables in by_package.items():
        service = next((s.name for s in facts.services if not s.tool and s.has(directory)), "")
        live = {name: found for name, found in variables.items() if any(c.live for c in found) and not _is_counter(found)}
        if live:
            yield _live(live, service)
        rest = {name: found for name, found in variables.items() if name[0].isupper() and name not in live}
        if rest and not variables.keys() & live.keys():
            yield _told_once(rest, service)


def _live(live: dict[str, list[Change]], service: str) -> Finding:
    name, found = min(live.items(), key=lambda item: item[1][0].declaration.line)
    first = next(c for c in found if c.live)
    more = f" and {len(live) - 1} more of package {first.package.name}" if len(live) > 1 else ""
    places = [(n, c) for n, all_of in live.items() for c in all_of if c.live]
    return Finding(
        f"{name}{more}: package variables that the running program changes ({_LIVE[first.live]})"
        if more
        else f"{name} is a package variable that the running program changes: {_LIVE[first.live]}",
        first.file.at(first.declaration),
        tuple(because(c.at, f"{n} is assigned: {_LIVE[c.live]}") for n, c in places[:4]),
        f"Hold {name} in a struct that main makes and hands on.",
        service=service,
    )


def _told_once(rest: dict[str, list[Change]], service: str) -> Finding:
    first = next(iter(rest.values()))[0]
    names = sorted(rest)
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return Finding(
        f"package {first.package.name} keeps {first.declaration.name}{more} in variables that are changed after the start",
        first.file.at(first.declaration),
        tuple(because(found[0].at, f"{name} is assigned here, after the start") for name, found in list(rest.items())[:4]),
        "Pass the value to what uses it instead of keeping it in the package.",
        service=service,
        severity=Severity.NOTE,
    )


def _is_counter(found: list[Change]) -> bool:
    """A cache or a counter that the package keeps for itself is no setting that others see."""
    return not found[0].declaration.name[0].isupper()


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import "example.com/orders/config"

func main() {
	config.Current.Max = 10
	config.Watch()
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go",),
    fails=(
        {
            **_MOD,
            "main.go": _MAIN,
            "config/config.go": """package config

type Settings struct{ Max int }

var Current = Settings{Max: 100} // want

func Watch() {
	for {
		next := Settings{}
		Current = next
	}
}
""",
        },
        {
            **_MOD,
            "main.go": _MAIN,
            "config/config.go": """package config

type Settings struct{ Max int }

var Current = Settings{Max: 100} // want

func Watch() { Current.Max = 7 }
""",
        },
    ),
    passes=(
        {
            **_MOD,
            "main.go": _MAIN,
            "config/config.go": """package config

import (
	"flag"
	"sync"
)

type Settings struct{ Max int }

var (
	Current  = Settings{Max: 100}
	Verbose  bool
	calls    int
	once     sync.Once
	Location string
)

func init() {
	Current.Max = 50
	flag.BoolVar(&Verbose, "v", false, "")
}

func Watch() {
	calls++
	once.Do(func() { Location = "here" })
	Current := Settings{}
	Current.Max = 8
}
""",
        },
    ),
)
