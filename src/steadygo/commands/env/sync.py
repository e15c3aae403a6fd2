"""`steadygo env sync`: editors, CI and images follow go.mod and steadygo.toml."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from steadygo.commands.env.synced import create, find_edits, find_missing, write
from steadygo.errors import UserError
from steadygo.report.drift import text


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 when a file drifted (for CI).")
@click.option("--create", "creates", is_flag=True, help="Also make devcontainer, .editorconfig and editor settings where there are none.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(directory: Path, check: bool, creates: bool, as_json: bool) -> int:
    """Bring devcontainer, editor, linter, CI and Dockerfile in step with the Go of go.mod and [env.sync] of steadygo.toml.

    Only the values that drifted are replaced: comments, order and keys of others stay.
    """
    if check and creates:
        raise UserError("--check changes nothing, and --create makes files.", "Give one of them.")
    root, source, edits = find_edits(directory)
    missing = find_missing(root, source)
    if not check:
        write(root, edits)
    if creates:
        create(root, source, missing)
    if as_json:
        rows = [{"path": e.path, "line": e.line, "what": e.what, "found": e.found, "wanted": e.wanted.strip()} for e in edits]
        document = {"go": source.go, "from": source.go_from, "drift": rows, "created" if creates else "missing": missing}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        click.echo(text(source, edits, check))
        if missing:
            click.echo(f"Made {', '.join(missing)}." if creates else f"Not there: {', '.join(missing)} (--create makes them).")
    return 1 if check and edits else 0
