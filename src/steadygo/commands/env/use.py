"""`steadygo env use`: run a command under one of the installed toolchains, apart from all others."""

from __future__ import annotations

import os

import click

from steadygo.commands.env.places import toolchains, use_caches
from steadygo.environment.toolchains import environment, find_installed
from steadygo.errors import UserError


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("version")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD…")
def command(version: str, words: tuple[str, ...]) -> int:
    """Run CMD with Go VERSION (1.26.3, or 1.26 for its newest patch): own GOROOT, GOPATH, GOCACHE, GOTMPDIR, and GOTOOLCHAIN=local."""
    words = words[1:] if words[0] == "--" else words
    if not words:
        raise UserError("there is no command to run.", f"Write steadygo env use {version} -- go build ./...")
    root = find_installed(version, toolchains().trees)
    try:
        os.execvpe(words[0], words, environment(root, use_caches(), dict(os.environ)))
    except OSError as error:
        raise UserError(f"{words[0]} cannot be run: {error.strerror}.", "Check the command after --.") from error
