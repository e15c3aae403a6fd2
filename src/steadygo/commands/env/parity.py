"""`steadygo env parity`: does the service behave here as it does there."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from steadygo.commands.env.around import read_names
from steadygo.commands.env.sides import resolve
from steadygo.environment import latency as latencies
from steadygo.environment import logshape
from steadygo.environment.compare import compare
from steadygo.environment.parity import judge, of_latency, of_logs, of_settings
from steadygo.findings import Verdict

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--logs", nargs=2, type=_FILE, metavar="A B", help="A log file of each environment.")
@click.option("--latency", nargs=2, type=_FILE, metavar="A B", help="Response times of each: a number a line, CSV or JSON records.")
@click.option(
    "--margin", type=click.FloatRange(0.01, 10), default=0.2, show_default=True, help="How much slower or faster still counts as alike."
)
@click.option(
    "--module", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="Where the module is (default: here)."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    a: str, b: str, logs: tuple[Path, Path] | None, latency: tuple[Path, Path] | None, margin: float, module: Path, as_json: bool
) -> int:
    """Compare two environments by settings, log shape and response times. Exit code 1 when they differ, 2 is never a verdict.

    A and B are sides as `env diff` takes them. «not known» exits 1 as well: it is no pass.
    """
    one, two = resolve(a, module), resolve(b, module)
    aspects = [of_settings(compare(one, two, read_names(module, one, two)))]
    if logs:
        aspects.append(of_logs(logshape.read(logs[0]), logshape.read(logs[1])))
    if latency:
        aspects.append(of_latency(latencies.compare(latencies.read(latency[0]), latencies.read(latency[1]), margin)))
    parity = judge(aspects)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(parity), indent=2).decode())
    else:
        for aspect in parity.aspects:
            click.echo(f"{aspect.name}: {aspect.verdict}\n" + "".join(f"  {s}\n" for s in aspect.says))
        click.echo(f"verdict: {parity.verdict}")
    return 0 if parity.verdict is Verdict.PASS else 1
