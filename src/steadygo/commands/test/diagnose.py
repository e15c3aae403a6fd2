"""`steadygo test diagnose`"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
import msgspec

from steadygo.commands.test import sweep
from steadygo.commands.test.diagnosed import document, suspects, text
from steadygo.commands.test.goflags import WithGoFlags, go_flags
from steadygo.commands.test.prepared import prepared
from steadygo.errors import UserError
from steadygo.testing.diagnosis.case import Budget, counted
from steadygo.testing.diagnosis.laboratory import diagnose
from steadygo.tools import guard

_RUNS = 150


@click.command(cls=WithGoFlags, options_metavar="[OPTIONS]")
@click.argument("words", nargs=-1, metavar="PACKAGE TEST | --all [PACKAGES]...")
@click.option("--all", "everything", is_flag=True, help="Screen all tests of PACKAGES (default: ./...), and diagnose those that fail once.")
@click.option(
    "--runs", "most_runs", type=click.IntRange(1), help=f"The budget in runs of test binaries; default: {_RUNS}, with --all {sweep.RUNS}."
)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="The budget in minutes; default: none.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema/test-diagnose.schema.json); with --all an array.")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    everything: bool,
    most_runs: int | None,
    minutes: float | None,
    as_json: bool,
    program: str | None,
) -> int:
    """Find out by experiment why TEST of PACKAGE fails now and then. Exit code 1 unless it is stable.

    Ends with a plain `go test` command that shows it. Flags of the build (-race, -tags) stand behind --.
    """
    if everything:
        plan, setting, _ = prepared(words or ("./...",), go_flags(ctx), program)
        ctx.with_resource(setting.lending())
        return sweep.run(plan, setting, Budget(most_runs or sweep.RUNS, minutes or float("inf")), _RUNS, as_json)
    if len(words) != 2:
        raise UserError("diagnose takes a package and a test.", "Give both, as ./orders TestTotal, or --all with packages.")
    plan, setting, _ = prepared(words[:1], go_flags(ctx), program)
    if len(plan) != 1:
        raise UserError(f"{words[0]} are {len(plan)} packages.", "Name one.")
    ctx.with_resource(setting.lending())
    with guard.scratch("steadygo-test-") as scratch:
        found, interrupted = diagnose(plan[0], words[1], setting, scratch, Budget(most_runs or _RUNS, minutes or float("inf")), _tell)
    _tell("", 0, ())
    lines = suspects(plan[0].directory, found)
    click.echo(msgspec.json.encode(document(plan[0].path, found, lines)).decode() if as_json else text(found, lines))
    if interrupted:
        raise KeyboardInterrupt
    return 0 if found.kind == "stable" else 1


def _tell(trying: str, runs: int, known: Sequence[str]) -> None:
    """One line on a terminal: what is being tried, and the last that is known."""
    if sys.stderr.isatty():
        said = f"{counted(runs, 'run')} · trying {trying}" + (f" · {known[-1]}" if known else "")
        print("\r\x1b[2K" + (said[:100] if trying else ""), end="", file=sys.stderr, flush=True)
