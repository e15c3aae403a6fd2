"""`steadygo test diagnose`"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
import msgspec

from steadygo.commands.test.goflags import WithGoFlags, go_flags
from steadygo.commands.test.prepared import prepared
from steadygo.errors import UserError
from steadygo.testing.diagnosis.case import Budget, Diagnosis
from steadygo.testing.diagnosis.laboratory import diagnose
from steadygo.tools import guard


@click.command(cls=WithGoFlags)
@click.argument("package")
@click.argument("test")
@click.option("--runs", "most_runs", default=150, show_default=True, type=click.IntRange(1), help="The budget in runs of the test binary.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="The budget in minutes; default: none.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema/test-diagnose.schema.json).")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.pass_context
def command(ctx: click.Context, package: str, test: str, most_runs: int, minutes: float | None, as_json: bool, program: str | None) -> int:
    """Find out by experiment why TEST of PACKAGE fails now and then. Exit code 1 unless it is stable.

    Ends with a plain `go test` command that shows it. Flags of the build (-race, -tags) stand behind --.
    """
    plan, setting, _ = prepared((package,), go_flags(ctx), program)
    if len(plan) != 1:
        raise UserError(f"{package} are {len(plan)} packages.", "Name one.")
    ctx.with_resource(setting.lending())
    with guard.scratch("steadygo-test-") as scratch:
        found, interrupted = diagnose(plan[0], test, setting, scratch, Budget(most_runs, minutes or float("inf")), _tell)
    _tell("", 0, ())
    click.echo(msgspec.json.encode(found).decode() if as_json else _text(found))
    if interrupted:
        raise KeyboardInterrupt
    return 0 if found.kind == "stable" else 1


def _tell(trying: str, runs: int, known: Sequence[str]) -> None:
    """One line on a terminal: what is being tried, and the last that is known."""
    if sys.stderr.isatty():
        said = f"{runs} runs · trying {trying}" + (f" · {known[-1]}" if known else "")
        print("\r\x1b[2K" + (said[:100] if trying else ""), end="", file=sys.stderr, flush=True)


def _text(found: Diagnosis) -> str:
    head = f"{found.test}: {found.kind}" + (f" ({found.role})" if found.role else "") + (f": {found.factor}" if found.factor else "")
    lines = [head, *(f"  {sentence}" for sentence in found.because)]
    lines += [f"  not tried: {one.factor}: {one.because}" for one in found.not_tried]
    beside = "disturbed by" if found.kind == "parallel" else "polluted by"
    lines += [f"  {beside} {', '.join(found.polluters)}"] if found.polluters else []
    lines += [f"  {'needs' if found.role == 'brittle' else 'cleaned by'} {', '.join(found.cleaners)}"] if found.cleaners else []
    lines += ["", found.reproduce] if found.reproduce else []
    lines += [found.steadygo] if found.steadygo else []
    return "\n".join([*lines, "", f"{found.runs} runs"])
