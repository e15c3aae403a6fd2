"""Ask go what there is to test, and take the fingerprint meanwhile."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import click

from steadygo.errors import ToolMissing, UserError
from steadygo.scan.cache import directory as caches
from steadygo.testing.engine import Setting
from steadygo.testing.flags import Flags
from steadygo.testing.lending import check, lenders
from steadygo.testing.plan import Planned, plan
from steadygo.testing.results import Context
from steadygo.testing.settings import load
from steadygo.tools import go_test, go_toolchain, guard
from steadygo.tools.go import find_go


def prepared(
    patterns: tuple[str, ...],
    flags: Flags,
    program: str | None,
    faults: tuple[str, ...] = (),
    directory: Path | None = None,
    meanwhile: Callable[[Setting], None] = lambda _: None,
) -> tuple[list[Planned], Setting, Context]:
    """What is going to be tested in `directory` (default: the current one), how, and the context that is kept.

    `meanwhile` is called with the setting as soon as that is known: go takes longer to say which packages there are. A guard watches until
    the command ends. Raises UserError.
    """
    click.get_current_context().with_resource(guard.watching())
    environment, directory = dict(os.environ), directory or Path.cwd()
    _refuse_files(patterns, directory)
    go = find_go(program, environment)
    with ThreadPoolExecutor(3) as pool:
        packages = pool.submit(go_test.find_packages, go, directory, patterns, flags.listing, environment)
        toolchain = pool.submit(go_toolchain.find, go, directory, environment, caches())
        taken = pool.submit(_fingerprint, directory)
        run = secrets.token_hex(4)
        lent = lenders(load(directory), run, faults)
        check(lent, environment)
        try:
            root, test2json, goflags = toolchain.result()
        except ToolMissing:
            packages.result()  # says more about what is no toolchain at all
            raise
        flags = flags.under(goflags)
        setting = Setting(go, root, directory, environment, flags, test2json, run, lent)
        meanwhile(setting)
        planned = plan(packages.result(), patterns, flags)
        context = Context(
            started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            directory=str(directory),
            patterns=patterns,
            flags=flags.given,
            seed=flags.seed,
            planned=tuple(p.path for p in planned),
            fingerprint=taken.result(),
            faults=_repeatable(faults, run),
        )
    return planned, setting, context


def _refuse_files(patterns: tuple[str, ...], directory: Path) -> None:
    """go makes a package of files that has no import path to ask for again. Raises UserError."""
    for pattern in patterns:
        if pattern.endswith(".go") and (directory / pattern).is_file():
            raise UserError(
                f"{pattern} is a file, and tests belong to packages.", "Name its directory, and its tests behind --: -run=TestA."
            )


def _fingerprint(directory: Path) -> str:
    from steadygo.commands.env.around import here, sealer
    from steadygo.environment import fingerprint, secrets

    try:
        hashing = sealer()
    except UserError as error:  # tests can run all the same
        click.echo(f"steadygo: secrets of this run compare with those of no other: {error}", err=True)
        hashing = secrets.throwaway()
    return fingerprint.encode(here(directory, hashing))


def _repeatable(faults: tuple[str, ...], run: str) -> tuple[str, ...]:
    if not faults:
        return ()
    from steadygo.testing.faults.words import repeatable

    return repeatable(faults, run)
