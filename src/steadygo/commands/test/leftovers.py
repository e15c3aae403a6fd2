"""`steadygo test leftovers`"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import msgspec

from steadygo.commands.test.goflags import WithGoFlags, go_flags
from steadygo.commands.test.prepared import prepared
from steadygo.report.escaping import clean
from steadygo.report.terminal import Look, look_for
from steadygo.testing.leftovers.conduct import Interrupted, conduct
from steadygo.testing.leftovers.results import Leaver, Left, Package, Report
from steadygo.tools import guard

_MOST = 20  # shown of what one test left; --json has all


@click.command(cls=WithGoFlags)
@click.argument("packages", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema/test-leftovers.schema.json).")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.pass_context
def command(ctx: click.Context, packages: tuple[str, ...], as_json: bool, program: str | None) -> int:
    """Run each test of PACKAGES (default: .) on its own, and list the files, processes and databases that it leaves behind.

    A test that leaves something runs once more on top of that. Exit code 1 when something is left.
    """
    plan, setting, _ = prepared(packages or (".",), go_flags(ctx), program)
    look = look_for(sys.stdout, os.environ)
    live = sys.stderr.isatty()

    def tell(package: str, test: str) -> None:
        if live:
            print(f"\r\x1b[2K{clean(f'{package} {test}')[: look.width - 1]}", end="", file=sys.stderr, flush=True)

    with guard.scratch("steadygo-test-", setting.environment) as scratch:
        try:
            report, interrupted = conduct(plan, setting, Path(scratch), tell), False
        except Interrupted as error:
            report, interrupted = error.report, True
    if live:
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
    click.echo(msgspec.json.encode(report).decode() if as_json else _text(report, look))
    if interrupted:
        raise KeyboardInterrupt
    return 1 if report.found else 0


def _text(report: Report, look: Look) -> str:
    lines = [line for package in report.packages for line in _package(package, look)]
    tests = sum(p.tests for p in report.packages)
    leavers = sum(bool(leaver.test) for p in report.packages for leaver in p.leavers)
    if report.not_isolated:
        lines += ["", f"Without mounts of their own ({clean(report.not_isolated)}), /tmp and others that are shared were not looked at."]
    said = f"{leavers} of them left something" if leavers or report.found else "nothing was left"
    return "\n".join([*lines, "", f"{tests} test{'s' if tests != 1 else ''} ran on their own; {said}."])


def _package(package: Package, look: Look) -> list[str]:
    bad = bool(package.leavers or package.why)
    sign = look.style("✗", "bold", "red") if bad else look.style("✓", "green")
    lines = [f"{sign}  {package.package}  {package.why}".rstrip()]
    for leaver in package.leavers:
        lines += _leaver(leaver, look)
    if package.failed:
        more = f" and {len(package.failed) - _MOST} more" if len(package.failed) > _MOST else ""
        lines.append(f"   ?  failed on their own, and may not have come to leave anything: {', '.join(package.failed[:_MOST])}{more}")
    return lines


def _leaver(leaver: Leaver, look: Look) -> list[str]:
    name = leaver.test or "the package (no single test of it left this)"
    lines = [f"   {look.style(name, 'bold')}" + ("" if leaver.passed else "  (it failed)")]
    lines += [f"      {_left(left)}" for left in leaver.left[:_MOST]]
    lines += [f"      … and {len(leaver.left) - _MOST} more"] if len(leaver.left) > _MOST else []
    return [*lines, f"      {leaver.because}"] if leaver.again in ("fails", "not-known") else lines


def _left(left: Left) -> str:
    if left.what == "process":
        ports = f", listens on {', '.join(map(str, left.ports))}" if left.ports else ""
        return f"process still alive: {clean(left.path)}{ports}"
    if left.what == "database":
        return f"{left.how} database {clean(left.path)}  (others may use this server too)"
    many = f" ({left.files} file{'s' if left.files != 1 else ''})" if left.what == "directory" and left.how == "created" else ""
    return f"{left.how} {left.what} {clean(left.path)}{many}{'  ← changes later results' if left.matters else ''}"
