"""`steadygo test [PACKAGES] [-- GO FLAGS]`"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

import click

from steadygo.commands.test.asked import Asked
from steadygo.commands.test.document import document
from steadygo.commands.test.early import Early
from steadygo.commands.test.goflags import WithGoFlags, go_flags
from steadygo.commands.test.prepared import prepared
from steadygo.commands.test.shown import Progress, failure, package_line, plain, summary
from steadygo.errors import UserError
from steadygo.report.terminal import look_for
from steadygo.store import database, runs
from steadygo.store.database import Database
from steadygo.testing import engine
from steadygo.testing.cluster.shards import Timing
from steadygo.testing.plan import longest_first
from steadygo.testing.results import Context, Package, Run
from steadygo.tools.go_binaries import Handing

_LOOKED_BACK = 3  # runs that say how long a package takes
_LONG_SECONDS = 0.5
_MOST_LONGEST = 64


@click.command(cls=WithGoFlags, options_metavar="[OPTIONS]", epilog="Flags of go test stand behind --: -race, -run, -shuffle=on …")
@click.argument("packages", nargs=-1)
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON at the end instead (docs/schema/test.schema.json).")
@click.option("--quiet", is_flag=True, help="Print failures and the summary only.")
@click.option("--fault", "faults", multiple=True, metavar="NAME:FAULT", help="Make a dependency slow or unreliable: db:delay=500ms.")
@click.option("--workers", type=click.IntRange(1), help="Run on so many worker processes of this machine (extra `cluster`).")
@click.option("--cluster", metavar="tls://HOST:PORT", help="Run on the workers of this scheduler's cluster (extra `cluster`).")
@click.option("--keys", type=click.Path(path_type=Path), help="With --cluster: the folder `client` of the cluster's keys.")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.pass_context
def command(
    ctx: click.Context,
    packages: tuple[str, ...],
    junit_file: Path | None,
    as_json: bool,
    quiet: bool,
    faults: tuple[str, ...],
    workers: int | None,
    cluster: str | None,
    keys: Path | None,
    program: str | None,
) -> int:
    """Compile each test binary of PACKAGES (default: .) once, run it, compare what ran with what is there, and keep the run.

    Nothing is taken from Go's test cache. Exit code 1 when a test failed, or did not run though it should have.
    """
    _check(workers, cluster, keys)
    patterns = packages or (".",)
    keeper, early = ctx.with_resource(closing(_Keeper())), Early(patterns)

    def meanwhile(setting: engine.Setting) -> None:
        keeper.recall(setting.directory, patterns)
        if workers is None and cluster is None:
            early.start(setting, keeper.longest)

    plan, setting, context = prepared(patterns, go_flags(ctx), program, faults, meanwhile=meanwhile)
    keeper.begin(setting.run, context)
    happenings = _happenings(ctx, Asked(plan, setting, context, keeper.times, faults), early.handing(plan), workers, cluster, keys)
    look = look_for(sys.stdout, os.environ)
    progress = Progress(len(plan), shown=sys.stderr.isatty() and not quiet)
    started, finished = time.monotonic(), list[Package]()
    ended: KeyboardInterrupt | UserError | None = None
    try:
        for happening in happenings:
            match happening:
                case engine.Tested(path, test):
                    progress.count(test)
                    said = failure(path, test, look) if test.outcome.bad else _verbose(path, test.output) if setting.flags.verbose else None
                    _say(None if as_json else said, progress)
                case engine.Finished(package):
                    progress.finish()
                    finished.append(package)
                    keeper.add(package)
                    for test in package.tests:
                        if test.outcome.bad and test.why:
                            _say(None if as_json else failure(package.path, test, look), progress)
                    _say(package_line(package, look) if not as_json and (not quiet or package.outcome.bad) else None, progress)
                case engine.Tick():
                    progress.tick(happening)
                case engine.Notice(sentence):
                    progress.clear()
                    click.echo(f"steadygo: {sentence}", err=True)
    except (KeyboardInterrupt, UserError) as error:
        for happening in _rest(happenings) if isinstance(error, KeyboardInterrupt) else ():
            if isinstance(happening, engine.Finished):
                finished.append(happening.package)
                keeper.add(happening.package)
        ended = error
    progress.clear()
    if isinstance(ended, UserError) and not finished:
        raise ended
    run = Run(keeper.id, context, tuple(finished))
    click.echo(document(run) if as_json else summary(run, time.monotonic() - started, look))
    if junit_file is not None:
        from steadygo.commands.test import junit

        _write(junit_file, junit.render(run))
    if ended is not None:
        raise ended
    return 1 if run.failed else 0


def _check(workers: int | None, cluster: str | None, keys: Path | None) -> None:
    """Raises UserError before anything else is done."""
    if (cluster is None) != (keys is None) or (cluster is not None and workers is not None):
        raise UserError("--cluster needs --keys, and excludes --workers.", "Write --cluster tls://HOST:PORT --keys DIR, or --workers N.")
    if cluster is not None or workers is not None:
        from steadygo.testing.cluster import transport

        transport.check_installed()
        if cluster is not None:
            transport.checked_address(cluster)
        threading.Thread(target=transport.configure, daemon=True).start()  # its imports take as long as asking go


def _happenings(
    ctx: click.Context, asked: Asked, begun: Handing | None, workers: int | None, cluster: str | None, keys: Path | None
) -> Generator[engine.Happening, None, None]:
    if workers is None and cluster is None:
        ctx.with_resource(asked.setting.lending())
        return engine.run(longest_first(asked.plan, {path: timing.seconds for path, timing in asked.times.items()}), asked.setting, begun)
    from steadygo.commands.test.workers import elsewhere, hired

    return hired(asked, workers) if workers is not None else elsewhere(asked, cluster or "", keys or Path())


def _rest(happenings: Generator[engine.Happening, None, None]) -> Iterator[engine.Happening]:
    """What is still told after Ctrl-C came while something was shown, and not while it was waited for."""
    with contextlib.suppress(KeyboardInterrupt):
        yield happenings.throw(KeyboardInterrupt())
        yield from happenings


def _verbose(path: str, output: str) -> str | None:
    said = plain(output)
    return f"{path}: {said}" if said.strip() else None


def _say(text: str | None, progress: Progress) -> None:
    if text is not None:
        progress.clear()
        click.echo(text)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.", "Give another file with --junit.") from None


class _Keeper:
    """Puts results into the store as they come. Tests that ran have run when the store cannot be written: that is said once."""

    def __init__(self) -> None:
        self.id = ""
        self.times: dict[str, Timing] = {}
        self.longest: tuple[str, ...] = ()
        self._broken = False
        self._store = database.Store()

    def recall(self, directory: Path, patterns: tuple[str, ...]) -> None:
        """How long packages and their top-level tests took lately, and which were the longest of the last run of these patterns here."""
        self._keep(lambda db: self._recall(db, directory, patterns))

    def _recall(self, db: Database, directory: Path, patterns: tuple[str, ...]) -> None:
        for package in runs.times(db, _LOOKED_BACK):
            tests = {t.name: t.seconds for t in package.tests if "/" not in t.name}
            known = self.times.get(package.path, Timing(0.0))
            self.times[package.path] = Timing(package.seconds, {**known.tests, **tests})
        same = [c for c in runs.contexts(db, _LOOKED_BACK) if (c.directory, c.patterns) == (str(directory), patterns)]
        long = {
            p: self.times[p].seconds
            for p in (same[-1].planned if same else ())
            if p in self.times and self.times[p].seconds >= _LONG_SECONDS
        }
        self.longest = tuple(sorted(long, key=lambda p: -long[p])[:_MOST_LONGEST])

    def begin(self, id: str, context: Context) -> None:
        """Keep what a run is."""
        self.id = id
        self._keep(lambda db: runs.begin(db, id, context))

    def add(self, package: Package) -> None:
        """Keep one package."""
        self._keep(lambda db: runs.add(db, self.id, [package]))

    def close(self) -> None:
        """Nothing comes any more."""
        self._store.close()

    def _keep(self, action: Callable[[Database], None]) -> None:
        if self._broken:
            return
        try:
            with self._store.transaction() as db:
                action(db)
        except UserError as error:
            self._broken = True
            click.echo(f"steadygo: this run is not kept: {error}", err=True)
