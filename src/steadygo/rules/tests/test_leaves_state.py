"""Tests pass or fail by the order in which they run: one changes the process and does not put it back.

A variable of the environment, the working directory or a package's variable belongs to the whole test binary. What one test leaves there,
the next one finds: it passes alone and fails with the others, or worse, fails alone and passes with them. With `-shuffle=on` or
`t.Parallel()` it fails now and then.

Reported once for a package. Errs on the side of silence: anything in the same test that puts the value back (defer, t.Cleanup, a saved old
value, a helper that is handed the variable) is believed. TestMain and init set up the process and are left out.

Fix: `t.Setenv` and `t.Chdir` put back by themselves; pass settings as arguments, or put a variable back in `t.Cleanup`.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.facts.testfile import Spot, by_package, counted, others
from steadygo.facts.testing import survey
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_FIX = {
    "environment": "Use t.Setenv, which puts the old value back.",
    "directory": "Use t.Chdir (Go 1.24), or change back in t.Cleanup.",
    "variable": "Pass the value as an argument, or put the old one back in t.Cleanup.",
}


def check(facts: Repository) -> Iterator[Finding]:
    found = survey(facts.go).left
    for kind, fix in _FIX.items():
        for spots in by_package(s for s in found if s.kind == kind):
            yield Finding(_message(kind, spots), spots[0].at, others(spots), fix, severity=None if kind != "variable" else Severity.NOTE)


def _message(kind: str, spots: list[Spot]) -> str:
    if kind == "environment":
        return f"{counted(spots, 'changes', 'change')} the environment for all tests that follow, here with {spots[0].note}"
    if kind == "directory":
        return f"{counted(spots, 'leaves', 'leave')} the process in another working directory"
    name = spots[0].note.partition(" ")[0]
    return f"{counted(spots, 'changes package variables and leaves', 'change package variables and leave')} them so, here {name}"


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "config/config.go": "package config\n\nvar Current = 1\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("tests",),
    fails=(
        {
            **_MOD,
            "config/config_test.go": """package config

import (
	"os"
	"testing"
)

func TestLoad(t *testing.T) {
	os.Setenv("TOKEN", "secret") // want
	os.Setenv("ADDR", ":80")
}

func TestSettings(t *testing.T) {
	Current = 5 // want
}

func TestFiles(t *testing.T) {
	os.Chdir(t.TempDir()) // want
}
""",
        },
        {
            **_MOD,
            "api/api_test.go": """package api

import (
	"testing"

	"example.com/orders/config"
)

func TestRefuses(t *testing.T) {
	config.Current = 10 // want
}
""",
        },
    ),
    passes=(
        {
            **_MOD,
            "config/config_test.go": """package config

import (
	"os"
	"testing"
)

var calls int

func TestMain(m *testing.M) {
	os.Setenv("TZ", "UTC")
	Current = 3
	os.Exit(m.Run())
}

func TestLoad(t *testing.T) {
	t.Setenv("TOKEN", "secret")
	os.Setenv("ADDR", ":80")
	defer os.Unsetenv("ADDR")
	calls++
}

func TestDirectory(t *testing.T) {
	old, _ := os.Getwd()
	os.Chdir(t.TempDir())
	t.Cleanup(func() { os.Chdir(old) })
}

func TestSettings(t *testing.T) {
	defer func(old int) { Current = old }(Current)
	Current = 5
}

func TestOther(t *testing.T) {
	old := Current
	Current = 5
	t.Cleanup(func() { Current = old })
}

func TestLocal(t *testing.T) {
	Current := 7
	Current = 8
	_ = Current
}

func set(t *testing.T, value int) func() {
	old := Current
	Current = value
	return func() { Current = old }
}
""",
        },
    ),
)
