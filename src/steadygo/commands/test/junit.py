"""A run as JUnit XML: one suite a package, one case a test. What failed as a package is a case named after its package."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from steadygo.report.escaping import clean
from steadygo.testing.results import Outcome, Package, Run, Test


def render(run: Run) -> str:
    """An XML document."""
    tests = sum(map(_cases, run.packages)) + len(run.missing)
    failed = run.count(Outcome.FAILED) + len(run.missing)
    seconds = sum(p.seconds for p in run.packages)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    counts = f'tests="{tests}" failures="{failed}" skipped="{run.count(Outcome.SKIPPED)}"'
    lines.append(f'<testsuites name="steadygo test" {counts} time="{seconds:.3f}">')
    for package in sorted(run.packages, key=lambda p: p.path):
        if package.tests or package.outcome.bad:
            lines += _suite(package, run)
    for path in run.missing:
        name = quoteattr(clean(path))
        lines.append(f'  <testsuite name={name} tests="1" failures="1" skipped="0" time="0">')
        lines.append(f'    <testcase classname={name} name={name} time="0"><failure message="It never ran."/></testcase>')
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _whole(package: Package) -> bool:
    """Whether the package's own failure needs a case: no test of it carries it."""
    return package.outcome.bad and not any(t.outcome.bad for t in package.tests)


def _cases(package: Package) -> int:
    return len(package.tests) + _whole(package)


def _suite(package: Package, run: Run) -> Iterator[str]:
    skipped = sum(t.outcome is Outcome.SKIPPED for t in package.tests)
    name = quoteattr(clean(package.path))
    counts = f'tests="{_cases(package)}" failures="{package.failures}" skipped="{skipped}"'
    yield f'  <testsuite name={name} {counts} time="{package.seconds:.3f}" timestamp="{run.context.started}">'
    if run.context.seed != "off":
        yield f'    <properties><property name="shuffle" value={quoteattr(run.context.seed)}/></properties>'
    if _whole(package):
        yield f'    <testcase classname={name} name={name} time="{package.seconds:.3f}">'
        yield f"      <failure message={_message(package.why)}>{_text(package.output)}</failure>"
        yield "    </testcase>"
    for test in package.tests:
        yield from _case(name, test)
    if package.output.strip():
        yield f"    <system-out>{_text(package.output)}</system-out>"
    yield "  </testsuite>"


def _case(suite: str, test: Test) -> Iterator[str]:
    start = f'    <testcase classname={suite} name={quoteattr(clean(test.name))} time="{test.seconds:.3f}"'
    if test.outcome is Outcome.PASSED:
        yield f"{start}/>"
        return
    kind = "skipped" if test.outcome is Outcome.SKIPPED else "failure"
    said = f"{test.meanwhile}\n{test.output}" if test.meanwhile else test.output
    yield f"{start}>"
    yield f"      <{kind} message={_message(test.why or kind)}>{_text(said)}</{kind}>"
    yield "    </testcase>"


def _message(text: str) -> str:
    return quoteattr(clean(text.strip().split("\n")[0]))


def _text(text: str) -> str:
    return escape("\n".join(clean(line) for line in text.split("\n")))
