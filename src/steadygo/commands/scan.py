"""`steadygo scan [PATH]`: what will break in production, with the proof."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from steadygo.findings import Severity
from steadygo.report import formats
from steadygo.report.grouping import counted
from steadygo.scan import baseline, cache
from steadygo.scan.engine import Options, scan
from steadygo.scan.lines import Lines
from steadygo.scan.roots import scan_root
from steadygo.tools import git


@click.command(short_help="Find what will break in production, with the proof.")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--format", "form", type=click.Choice(formats.NAMES), default="text", show_default=True, help="How to print the result.")
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write the result to a file instead of stdout.")
@click.option("--since", metavar="REV", help="Only findings that touch lines changed since REV branched off.")
@click.option("--baseline", "accepted", type=click.Path(path_type=Path), help="Leave out what this file accepts; name stale entries.")
@click.option("--write-baseline", type=click.Path(path_type=Path), help="Accept all findings of this scan into a file.")
@click.option(
    "--fail-on", type=click.Choice([s.value for s in Severity]), default="note", show_default=True, help="Least severity that exits 1."
)
@click.option("--no-cache", is_flag=True, help="Read everything anew and keep nothing.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(
    path: Path,
    form: str,
    output: Path | None,
    since: str | None,
    accepted: Path | None,
    write_baseline: Path | None,
    fail_on: str,
    no_cache: bool,
    quiet: bool,
) -> int:
    """Scan the Go service at PATH. Runs nothing of it, fetches nothing, writes only to its own cache.

    Exit code 0: nothing found; 1: findings; 2: the input or the set-up is wrong.
    """
    root = scan_root(path)
    lines = Lines(root)
    options = Options(
        cache=None if no_cache else cache.directory(),
        baseline=baseline.load(accepted) if accepted else None,
        baseline_name=str(accepted or ""),
        changed=git.changed_since(root, since) if since else None,
        below=git.below_top(root),
    )
    result = scan(root, options, lines, _progress(quiet))
    if write_baseline is not None:
        still = [s.finding for s in result.suppressed if s.by == "baseline"]
        formats.write(write_baseline, baseline.dump([*result.findings, *still], lines))
        click.echo(f"{write_baseline} accepts {counted(len(result.findings) + len(still), 'finding')}.", err=True)
        return 0
    formats.print_result(form, result, lines, output)
    order = list(Severity)
    return int(any(order.index(f.severity or Severity.NOTE) <= order.index(Severity(fail_on)) for f in result.findings))


def _progress(quiet: bool) -> Callable[[int, int], None]:
    if quiet or not sys.stderr.isatty() or "CI" in os.environ:
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        end = "\r\x1b[K" if done == total else ""
        print(f"\rreading {done:,} of {total:,} files{end}", end="", file=sys.stderr, flush=True)

    return show
