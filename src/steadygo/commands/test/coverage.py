"""`steadygo test coverage`"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from steadygo import __version__
from steadygo.commands.test import covered, measured, sources
from steadygo.commands.test.coverage_shown import base_said, here_said, shown
from steadygo.commands.test.goflags import WithGoFlags, go_flags
from steadygo.errors import UserError
from steadygo.report import coverage_html
from steadygo.report.escaping import well_formed
from steadygo.report.grouping import counted
from steadygo.report.terminal import look_for
from steadygo.testing import engine
from steadygo.testing.coverage.live import Live
from steadygo.tools import git_diff, guard


@click.command(cls=WithGoFlags, options_metavar="[OPTIONS]", epilog="Flags of go test stand behind --: -race, -tags, -coverpkg=./... …")
@click.argument("packages", nargs=-1)
@click.option("--base", "revision", help="Compare with where HEAD left this revision, a branch for example.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Run nothing here: read this profile, or the directory that was GOCOVERDIR. Several are put together.",
)
@click.option("--base-profile", "base_profiles", multiple=True, type=click.Path(path_type=Path), help="The same for the base.")
@click.option(
    "--threshold",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 100),
    help="Percentage points from which a function gained or lost.",
)
@click.option(
    "--fail-under-diff",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit code 1 when tests run less of the changed lines, or changed code was not measured.",
)
@click.option(
    "--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a heat map of the difference to this file."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema/test-coverage.schema.json).")
@click.option("--stream", is_flag=True, help="Print a line of JSON for each package that is through; the last line is that of --json.")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.pass_context
def command(
    ctx: click.Context,
    packages: tuple[str, ...],
    revision: str | None,
    profiles: tuple[Path, ...],
    base_profiles: tuple[Path, ...],
    threshold: float,
    fail_under_diff: float | None,
    html_file: Path | None,
    as_json: bool,
    stream: bool,
    program: str | None,
) -> int:
    """Compare what the tests of PACKAGES (default: .) cover with what they covered at a base: functions, and changed lines.

    The work tree is measured as it is. The base is written out to a scratch directory and measured there, once for each of its trees.
    Exit code 1 when a test here failed, or with --fail-under-diff.
    """
    flags, patterns, look = go_flags(ctx), packages or (".",), look_for(sys.stdout, os.environ)
    if revision is None and not base_profiles:
        raise UserError("There is nothing to compare with.", "Give --base REV, or --base-profile FILE.")
    top = covered.top_of(Path.cwd())
    if revision is not None and top is None:
        raise UserError(f"{Path.cwd()} is not in a git work tree.", "Give --base-profile FILE instead of --base.")
    found = git_diff.find_revision(top, revision) if top and revision is not None else None
    ctx.with_resource(guard.watching())
    changes = git_diff.find_changes(top, found.commit) if top and found else []
    root = top or covered.module_of(Path.cwd())
    tree = sources.here(root)
    old = sources.there(top, found.commit) if top and found else tree

    def measure_base() -> tuple[measured.Measured | None, str]:
        if base_profiles:
            return measured.read(base_profiles, program), ""
        assert top and found
        try:
            return measured.base(top, found, patterns, flags, program, look), ""
        except UserError as error:
            return None, f"The base could not be measured: {error.message}"

    def measure_here(tell: Callable[[engine.Finished], None]) -> measured.Measured:
        if profiles:
            return measured.read(profiles, program)
        return measured.run(patterns, flags, program, Path.cwd(), look, loud=not as_json and not stream, tell=tell)

    if stream:
        then, why = measure_base()
        now = measure_here(_streaming(covered.live(covered.Side(old, then), tree, changes, threshold)))
    else:
        now = measure_here(lambda _: None)
        then, why = measure_base()
    for one, side in ((tree, now), (old, then)):
        if side is not None:
            sources.look_outside(one, side.profile, root, program)
    unknown = [why] if why else []
    base = covered.Base(
        well_formed(revision or ""), found.commit if found else "", bool(found and found.merge_base), then.origin if then else "not-known"
    )
    here = covered.here_of(top, now.origin)
    sides = covered.Side(old, then), covered.Side(tree, now)
    compared = covered.compared(*sides, changes, threshold)
    module = os.path.relpath(os.path.realpath(covered.module_of(Path.cwd())), os.path.realpath(root))
    module = "" if module == "." else module
    missing = tuple(covered.unmeasured(sides[1], changes, module))
    unknown += covered.not_known(*sides, changes, module)
    document = covered.Document(base, here, compared.difference, missing, tuple(unknown), tuple(covered.Failed(*f) for f in now.failed))
    percent = compared.difference.diff.percent
    low = fail_under_diff is not None and percent is not None and percent < fail_under_diff
    unproved = [path for path in missing if not covered.for_others(sides[1], path)] if fail_under_diff is not None else []
    if html_file is not None:
        _write(html_file, _page(document, compared, root.name, now.profile.mode != "set"))
    click.echo(document.json() if as_json or stream else shown(document, look))
    if low and not as_json and not stream:
        click.echo(f"✗ Tests cover {percent:.1f} % of the changed lines; --fail-under-diff asks for {fail_under_diff:g} %.")
    if unproved and not as_json and not stream:
        click.echo(
            f"✗ --fail-under-diff cannot pass: changed code in {counted(len(unproved), 'file')} was not measured. Name its packages too."
        )
    return 1 if low or unproved or now.failed else 0


def _streaming(live: Live) -> Callable[[engine.Finished], None]:
    return lambda finished: click.echo(msgspec.json.encode(live.take(finished.package.path, finished.profile)))


def _page(document: covered.Document, compared: covered.Compared, name: str, counts: bool) -> str:
    base, here, unknown = base_said(document.base), here_said(document.here), document.not_known
    page = coverage_html.Page(name, base, here, document.difference, compared.functions, compared.files, unknown, counts, __version__)
    return coverage_html.render(page)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", "replace")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.", "Give another file with --html.") from None
