"""`steadygo services [PATH]`: each join and why, and what could not be joined."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from steadygo.report import services as report
from steadygo.scan import cache
from steadygo.scan.engine import judge_tree
from steadygo.scan.roots import scan_root


@click.command(short_help="Show which artefacts belong to which service, and why.")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-cache", is_flag=True, help="Read everything anew and keep nothing.")
def command(path: Path, as_json: bool, no_cache: bool) -> int:
    """Join the artefacts below PATH into services; say why each join holds and which could not be made."""
    judged = judge_tree(scan_root(path), None if no_cache else cache.directory(), lambda done, total: None)
    if as_json:
        data = {"services": judged.services, "not_joined": judged.not_joined}
        click.echo(json.dumps(msgspec.to_builtins(data), indent=2, ensure_ascii=False))
    else:
        click.echo(report.render(judged.services, judged.not_joined), nl=False)
    return 0
