"""`steadygo test diagnose`"""

from __future__ import annotations

import os

import click
import msgspec

from steadygo.commands.test.goflags import WithGoFlags, go_flags
from steadygo.commands.test.prepared import prepared
from steadygo.errors import UserError
from steadygo.testing import trial
from steadygo.testing.diagnose import Diagnosis, diagnose
from steadygo.tools import guard


@click.command(cls=WithGoFlags)
@click.argument("package")
@click.argument("test")
@click.option("--runs", "most_runs", default=120, show_default=True, help="The budget.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema/test-diagnose.schema.json).")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.pass_context
def command(ctx: click.Context, package: str, test: str, most_runs: int, as_json: bool, program: str | None) -> int:
    """Find out by experiment why TEST of PACKAGE fails now and then. Exit code 1 unless it is stable.

    Ends with a plain `go test` command that shows it. Flags of the build (-race, -tags) stand behind --.
    """
    flags = go_flags(ctx)
    plan, setting, _ = prepared((package,), flags, program)
    if len(plan) != 1:
        raise UserError(f"{package} are {len(plan)} packages.", "Name one.")
    ctx.with_resource(setting.lending())
    with guard.scratch("steadygo-test-") as scratch:
        prober = trial.compiled(plan[0], test, setting, scratch)
        found = diagnose(
            prober.ask, lambda t: t.command(plan[0].path, flags.build), test, lambda: trial.changes(prober.asked_for, os.environ), most_runs
        )
    click.echo(msgspec.json.encode(found).decode() if as_json else _text(found))
    return 0 if found.kind == "stable" else 1


def _text(found: Diagnosis) -> str:
    head = f"{found.test}: {found.kind}" + (f" ({found.role})" if found.role else "") + (f": {found.factor}" if found.factor else "")
    lines = [head, *(f"  {sentence}" for sentence in found.because)]
    lines += [f"  polluted by {', '.join(found.polluters)}"] if found.polluters else []
    lines += [f"  needs {', '.join(found.cleaners)}"] if found.cleaners else []
    lines += ["", found.reproduce] if found.reproduce else []
    return "\n".join([*lines, "", f"{found.runs} runs"])
