"""click's side of the command line: lazy verbs, and what each kind of error prints."""

from __future__ import annotations

import difflib
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

from steadygo import __version__
from steadygo.cli import VERBS
from steadygo.errors import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


class Verbs(click.Group):
    """A group whose commands live in steadygo.commands.<verb> as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"steadygo.commands.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, n=1)
            raise UserError(f"there is no command {args[0]!r}.", f"Did you mean {near[0]}?" if near else "`steadygo --help` lists them.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="steadygo %(version)s")
def program() -> None:
    """Take a Go service from "it runs" to "it keeps running".

    Exit codes: 0 pass, 1 findings or a failed gate, 2 the input or the set-up is wrong, 3 a fault of steadygo.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    try:
        code = program.main(args=list(arguments), prog_name="steadygo", standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        return _complain(str(error))
    except click.ClickException as error:
        return _complain(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        print("steadygo: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _hush()
        return 0
    except Exception as error:
        if not _stands():
            return _complain("the current directory is gone. Change to one that is there.")
        if isinstance(error, OSError) and error.errno in _FULL:
            if error.filename is None:
                _hush()
            return _complain(f"{error.filename or 'the output'} cannot be written: {error.strerror}.")
        traceback.print_exc()
        print("steadygo: this is a fault of steadygo. Please report it with the lines above.", file=sys.stderr)
        return 3
    return code if isinstance(code, int) else 0


def _hush() -> None:
    """What is still to be printed goes nowhere, for it could not be written when the interpreter ends either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stands() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _complain(message: str) -> int:
    print(f"steadygo: {message}", file=sys.stderr)
    return 2
