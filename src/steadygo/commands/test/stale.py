"""`steadygo test stale`"""

from __future__ import annotations

import json
from collections.abc import Iterable

import click
import msgspec

from steadygo.commands.test.compare import stated
from steadygo.commands.test.goflags import WithGoFlags, go_flags
from steadygo.commands.test.prepared import prepared
from steadygo.commands.test.run import command as run_command
from steadygo.report.escaping import clean
from steadygo.store import database, runs
from steadygo.testing.compare import Stated
from steadygo.testing.foreign import read
from steadygo.testing.results import Package, Run
from steadygo.testing.stale import find_stale
from steadygo.tools import go_test

_LOOKED_BACK = 200  # runs
_MOST = 3  # names of tests in a line


@click.command(cls=WithGoFlags)
@click.argument("packages", nargs=-1)
@click.option("--fresh", is_flag=True, help="Run the packages that were named.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; with --fresh that of the new run (docs/schema/test.schema.json).")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.pass_context
def command(ctx: click.Context, packages: tuple[str, ...], fresh: bool, as_json: bool, program: str | None) -> int:
    """Let `go test` answer for PACKAGES (default: .), and name each (cached) pass that no kept run in this context justifies.

    Exit code 1 when one is named, or when a test failed. With --fresh they are run here and now, and the exit code is theirs.
    """
    flags = go_flags(ctx)
    plan, setting, context = prepared(packages or (".",), flags, program)
    words = [*flags.given, *(packages or (".",))] if "-args" not in flags.given else [*(packages or (".",)), *flags.given]
    _, answered = read(go_test.plain(setting.go, setting.directory, words, setting.environment), "the answer of go test")
    with database.opened() as db:
        kept = [r for r in runs.latest(db, _LOOKED_BACK) if r.context.flags == flags.given and r.context.origin == context.origin]

    def differences(run: Run) -> Iterable[Stated]:
        return stated(run, Run("", context))

    module = next((p for p in (setting.directory, *setting.directory.parents) if (p / "go.mod").is_file()), setting.directory)
    found = find_stale([p for p in answered if p.stale], plan, kept, differences, module)
    failed = [p.path for p in answered if p.outcome.bad]
    if fresh and found:
        for one in found:
            click.echo(f"{one.package}: {'; '.join(one.reasons)}", err=True)
        again: int = ctx.invoke(
            run_command, packages=tuple(s.package for s in found), junit_file=None, as_json=as_json, quiet=False, program=program
        )
        return 1 if failed else again
    if as_json:
        click.echo(json.dumps({"stale": msgspec.to_builtins(found), "failed": failed}))
        return 1 if found or failed else 0
    for package in answered:
        if package.outcome.bad:
            click.echo(f"✗  {clean(package.path)} failed{f': {clean(_reason(package))}' if _reason(package) else ''}")
    for one in found:
        click.echo("\n".join([f"?  {one.package}  (cached)", *(f"   {reason}" for reason in one.reasons)]))
    click.echo(f"{len(found)} of {sum(p.stale for p in answered)} cached passes are stale." + (" --fresh runs them." if found else ""))
    return 1 if found or failed else 0


def _reason(package: Package) -> str:
    """Why it failed as a whole, else the tests that did."""
    bad = [t.name for t in package.tests if t.outcome.bad]
    return package.why or ", ".join(bad[:_MOST]) + (f" and {len(bad) - _MOST} more" if len(bad) > _MOST else "")
