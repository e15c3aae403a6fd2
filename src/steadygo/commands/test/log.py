"""`steadygo test import`"""

from __future__ import annotations

import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from steadygo.commands.test.document import document
from steadygo.commands.test.shown import summary
from steadygo.environment import fingerprint
from steadygo.errors import UserError
from steadygo.report.terminal import look_for
from steadygo.store import database, runs
from steadygo.testing.foreign import read
from steadygo.testing.results import Context, Run


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--fingerprint", "side", type=click.Path(path_type=Path), help="JSON of `env show --json`, taken where the tests ran.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON (docs/schema/test.schema.json).")
def command(file: Path, side: Path | None, as_json: bool) -> int:
    """Keep a log of `go test -json` from elsewhere as a run, to be shown and compared. Exit code 1 when it holds a failure."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None
    started, packages = read(data, str(file))
    context = Context(
        started=started or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        directory="",
        patterns=(),
        flags=(),
        seed="off",
        planned=tuple(p.path for p in packages),
        fingerprint=fingerprint.encode(fingerprint.load(side)) if side else "",
        origin=str(file),
    )
    run = Run(secrets.token_hex(4), context, packages)
    with database.opened() as db:
        runs.begin(db, run.id, context)
        runs.add(db, run.id, list(packages))
    click.echo(document(run) if as_json else summary(run, sum(p.seconds for p in packages), look_for(sys.stdout, os.environ)))
    return 1 if run.failed else 0
