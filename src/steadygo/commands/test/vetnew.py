"""`steadygo test vet-new`"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from steadygo.commands.test.goflags import WithGoFlags, go_flags
from steadygo.commands.test.prepared import prepared
from steadygo.commands.test.shown import plain
from steadygo.errors import UserError
from steadygo.report.escaping import clean_lines
from steadygo.testing.engine import NotLent
from steadygo.testing.plan import Planned
from steadygo.testing.rerun import compiled
from steadygo.testing.vetting import Vetted, changed_tests, runs_needed, vet
from steadygo.tools import git, git_diff, guard

_SHOWN_LINES = 20


@click.command(cls=WithGoFlags, name="vet-new")
@click.argument("packages", nargs=-1)
@click.option("--base", required=True, help="The revision that the tests are compared with, where HEAD left it.")
@click.option(
    "--rate",
    default=0.1,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="The share of failing runs that is to be noticed.",
)
@click.option(
    "--confidence",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="How surely it is to be noticed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema/test-vet-new.schema.json).")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.pass_context
def command(
    ctx: click.Context, packages: tuple[str, ...], base: str, rate: float, confidence: float, as_json: bool, program: str | None
) -> int:
    """Run the new and changed tests of PACKAGES (default: ./...) as often as it takes to trust them.

    A test is changed when its own function is. Each runs in shuffled orders, by turns with its package and with the other new and
    changed ones; the first failure ends the package. Exit code 1 when one failed. Flags of the build (-race, -tags) stand behind --.
    """
    flags, runs = go_flags(ctx), runs_needed(rate, confidence)
    top = git.top(Path.cwd())
    if top is None:
        raise UserError(f"{Path.cwd()} is not in a git work tree.", "vet-new compares a checkout with a revision: run it in one.")
    revision = git_diff.find_revision(top, base)
    changes = _Changes(top, revision.commit)
    plan, setting, _ = prepared(packages or ("./...",), flags, program)
    found: list[Vetted] = []
    broken: dict[str, str] = {}
    left_out: list[str] = []
    interrupted = False
    ctx.with_resource(setting.lending())
    with guard.scratch("steadygo-test-") as scratch:
        try:
            for number, package in enumerate(plan):
                tests = changes.tests(package)
                if package.known and not package.error:
                    left_out += [f"{package.path} {name}" for name in tests if name not in package.tests]
                    tests = {name: change for name, change in tests.items() if name in package.tests}
                if not tests:
                    continue
                binary = compiled(package, setting, scratch / str(number))
                if binary.complaint:
                    broken[package.path] = binary.complaint
                    continue
                try:
                    found += vet(binary, tests, runs, flags.build, _tell)
                except NotLent as error:
                    broken[package.path] = str(error)
        except KeyboardInterrupt:
            interrupted = True
    _tell("", 0, 0)
    if as_json:
        tests_ = [{**msgspec.to_builtins(v), "failed": v.failed, "diagnose": _hand_over(v) if v.failed else ""} for v in found]
        document = {"base": base, "commit": revision.commit, "rate": rate, "confidence": confidence, "runs_needed": runs,
                    "tests": tests_, "broken": broken, "left_out": left_out}  # fmt: skip
        click.echo(msgspec.json.encode(document).decode())
    elif found or broken or not interrupted:
        click.echo("\n".join(_text(found, broken, left_out, base, f"{rate:g}", f"{confidence:.4g}", runs)))
    if interrupted:
        raise KeyboardInterrupt
    return 1 if broken or any(v.failed for v in found) else 0


class _Changes:
    """What the test files of each directory were at the revision, and which of them differ now."""

    def __init__(self, top: Path, commit: str) -> None:
        self._top = Path(os.path.realpath(top))
        entries = git_diff.find_files(top, commit)
        self._now: dict[str, list[str]] = {}
        before: dict[str, set[str]] = {}
        for change in git_diff.find_changes(top, commit):
            if change.path.endswith("_test.go"):
                directory = os.path.dirname(change.path)
                self._now.setdefault(directory, []).append(change.path)
                before.setdefault(directory, {change.was} - {""})
                before[directory] |= {change.was} - {""}
        for path in entries:
            if path.endswith("_test.go") and os.path.dirname(path) in before:
                before[os.path.dirname(path)].add(path)
        texts = git_diff.read_objects(top, [entries[p][1] for paths in before.values() for p in paths if p in entries])
        self._before: dict[str, list[str]] = {
            directory: [texts[entries[p][1]].decode("utf-8", "replace") for p in sorted(paths) if p in entries and entries[p][1] in texts]
            for directory, paths in before.items()
        }

    def tests(self, package: Planned) -> Mapping[str, str]:
        """{test: new or changed} of the files in a package's directory."""
        directory = os.path.relpath(os.path.realpath(package.directory), self._top)
        directory = "" if directory == "." else directory
        files = [self._top / path for path in self._now.get(directory, ())]
        return changed_tests([f.read_text("utf-8", "replace") for f in files if f.is_file()], self._before.get(directory, ()))


def _hand_over(one: Vetted) -> str:
    return f"steadygo test diagnose {one.package} {one.test}"


def _text(
    found: list[Vetted], broken: Mapping[str, str], left_out: list[str], base: str, rate: str, confidence: str, runs: int
) -> list[str]:
    lines: list[str] = []
    for one in found:
        if one.failed:
            lines += [f"✗  {one.package} {one.test} ({one.change}) {one.why}"]
            lines += [f"       {line}" for line in clean_lines(plain(one.output))[-_SHOWN_LINES:] if line.strip()]
            lines += [f"   {one.reproduce}", f"   {_hand_over(one)}"]
        elif not one.runs:
            lines += [f"–  {one.package} {one.test} ({one.change}) never ran: another test ended the process"]
        elif one.skipped == one.runs:
            lines += [f"–  {one.package} {one.test} ({one.change}) was skipped in all {one.runs} runs: nothing is known of it"]
        else:
            ended = "" if one.runs == runs else f" of {runs}, ended by the failure of another"
            lines += [f"✓  {one.package} {one.test} ({one.change}) passed {one.runs} {'run' if one.runs == 1 else 'runs'}{ended}"]
    lines += [f"✗  {path}: {complaint}" for path, complaint in broken.items()]
    lines += [f"–  {one} is not built or not selected here" for one in left_out]
    if not found and not broken:
        return [*lines, f"No new or changed tests since {base}."]
    if not found:
        return lines
    return [*lines, "", f"A failure in a share of {rate} of runs shows in {runs} runs with a confidence of {confidence}."]


def _tell(package: str, run: int, runs: int) -> None:
    if sys.stderr.isatty():
        said = f"{package}: run {run} of {runs}"[-100:] if package else ""
        print(f"\r\x1b[2K{said}", end="", file=sys.stderr, flush=True)
