"""`steadygo env sync`: editors, CI and images follow go.mod and steadygo.toml."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from steadygo.commands.env.synced import find_edits, write
from steadygo.report.drift import text


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 when a file drifted (for CI).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(directory: Path, check: bool, as_json: bool) -> int:
    """Bring devcontainer, editor, linter, CI and Dockerfile in step with the Go of go.mod and [env.sync] of steadygo.toml.

    Only the values that drifted are replaced: comments, order and keys of others stay.
    """
    root, source, edits = find_edits(directory)
    if not check:
        write(root, edits)
    if as_json:
        rows = [{"path": e.path, "line": e.line, "what": e.what, "found": e.found, "wanted": e.wanted.strip()} for e in edits]
        click.echo(msgspec.json.format(msgspec.json.encode({"go": source.go, "from": source.go_from, "drift": rows}), indent=2).decode())
    else:
        click.echo(text(source, edits, check))
    return 1 if check and edits else 0
