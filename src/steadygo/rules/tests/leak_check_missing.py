"""A goroutine that never ends passes every test, and is found weeks later as memory that only grows.

The package starts goroutines and its tests do not look whether they end. `goleak.VerifyTestMain(m)` (one line in a package's tests) or
testing/synctest (Go 1.25), which fails when goroutines of a bubble are still there, would.

Reported once for a module, at the package that starts most; a package that checks by any name with *leak* in it is fine. Packages without
tests, and programs (package main), are left out.

Fix: add `func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }` to the package's tests.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.gopackage import Package
from steadygo.facts.gotests import call_names
from steadygo.facts.repository import Repository
from steadygo.facts.roles import aside
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_SHOWN = 3


def check(facts: Repository) -> Iterator[Finding]:
    by_module: dict[str, list[tuple[Package, list[tuple[GoFile, Call]]]]] = {}
    for package in facts.go.packages.values():
        started = [(f, c) for f in package.files if not f.generated for c in f.calls if c.mode == "go"]
        if not started or not package.tests or package.is_main or _is_aside(package) or _checks(package):
            continue
        module = facts.go.module_of(package.directory)
        by_module.setdefault(module.path if module is not None else "", []).append((package, started))
    for found in by_module.values():
        found.sort(key=lambda p: (-len(p[1]), p[0].directory))
        package, started = found[0]
        file, call = started[0]
        more = f" (nor of {len(found) - 1} more package{'' if len(found) == 2 else 's'})" if len(found) > 1 else ""
        yield Finding(
            f"{package.name} starts goroutines at {len(started)} place{'' if len(started) == 1 else 's'}, and no test of it{more} looks "
            "whether they end",
            Place(package.tests[0].path),
            (
                Because(file.path, call.line, "a goroutine is started here"),
                *(Because(s[0][0].path, s[0][1].line, f"{p.name} starts {len(s)}") for p, s in found[1 : 1 + _SHOWN]),
            ),
            "Add `func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }` to the package's tests.",
            service=next((s.name for s in facts.services if not s.tool and s.has(package.directory)), ""),
        )


def _is_aside(package: Package) -> bool:
    return aside(package.directory + "/x") or any(word in package.name for word in ("test", "mock", "fake"))


def _checks(package: Package) -> bool:
    for file in package.tests:
        if any("leak" in i.path.lower() or i.path == "testing/synctest" for i in file.imports):
            return True
        if any("leak" in name.lower() or name == "runtime.NumGoroutine" for name in call_names(file)):
            return True
    return False


_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "worker/worker.go": "package worker\n\nfunc Start() { go work() }\n\nfunc work() {}\n",
}
_TEST = 'package worker // want\n\nimport "testing"\n\nfunc TestStart(t *testing.T) { Start() }\n'
_CHECKED = """package worker

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
"""

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("tests",),
    fails=(
        {**_TREE, "worker/worker_test.go": _TEST},
        {
            **_TREE,
            "worker/worker_test.go": _TEST.replace(" // want", ""),
            "sender/sender.go": "package sender\n\nfunc Start() {\n\tgo work()\n\tgo work()\n}\n\nfunc work() {}\n",
            "sender/sender_test.go": _TEST.replace("worker", "sender"),
        },
    ),
    passes=(
        {**_TREE, "worker/worker_test.go": _TEST.replace(" // want", ""), "worker/main_test.go": _CHECKED},
        _TREE,
        {**_TREE, "worker/worker.go": "package worker\n\nfunc Start() { work() }\n\nfunc work() {}\n", "worker/worker_test.go": _TEST},
        {
            **_TREE,
            "worker/worker_test.go": _TEST.replace(" // want", "").replace("{ Start() }", "{ defer testutil.CheckLeak(t)(); Start() }"),
        },
    ),
)
