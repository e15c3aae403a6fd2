"""`steadygo test list`"""

from __future__ import annotations

import json

import click

from steadygo.store import database, runs
from steadygo.testing.results import Outcome, Run


@click.command()
@click.option("--most", default=20, show_default=True, help="How many, the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(most: int, as_json: bool) -> int:
    """List the runs that were kept, oldest first."""
    with database.opened() as db:
        found = runs.latest(db, most)
    if as_json:
        click.echo(json.dumps({"runs": [_entry(run) for run in found]}, indent=2))
        return 0
    for run in found:
        entry = _entry(run)
        counts = f"{entry['passed']} passed, {entry['failed']} failed, {entry['skipped']} skipped"
        stopped = f"  stopped: {len(run.missing)} packages missing" if run.missing else ""
        words = " ".join([*run.context.patterns, *(["--", *run.context.flags] if run.context.flags else [])])
        click.echo(f"{run.id}  {run.context.started}  {'✗' if run.failed else '✓'} {counts}  {words}{stopped}")
    if not found:
        click.echo("No run was kept yet.", err=True)
    return 0


def _entry(run: Run) -> dict[str, object]:
    return {
        "run": run.id,
        "started": run.context.started,
        "directory": run.context.directory,
        "packages": run.context.patterns,
        "flags": run.context.flags,
        "seed": run.context.seed,
        "origin": run.context.origin,
        "passed": run.count(Outcome.PASSED),
        "failed": run.count(Outcome.FAILED) + len(run.missing),
        "skipped": run.count(Outcome.SKIPPED),
        "missing": run.missing,
    }
