"""`steadygo test`: one file a sub-verb, imported only when it is asked for."""

from __future__ import annotations

import importlib

import click

SUB_VERBS = {
    "list": "List the runs that were kept.",
    "show": "Show a kept run.",
    "compare": "Compare two runs: tests that differ, and what differs around them.",
    "diagnose": "Find out by experiment why a test fails now and then.",
    "vet-new": "Run new and changed tests as often as it takes to trust them.",
    "coverage": "Compare what the tests cover with what they covered at a base.",
    "stale": "Name the passes out of Go's cache that nothing justifies.",
    "leftovers": "List by test the files, processes and databases that tests leave behind.",
    "data": "Show the test data that steadygo made, and drop what killed runs left.",
    "import": "Keep a log of go test -json from elsewhere as a run.",
}

_RUN = "run"
_MODULES = {"import": "log", "vet-new": "vetnew"}  # where a verb's name is no name of Python


class SubVerbs(click.Group):
    """A group whose commands live in steadygo.commands.test.<verb> as `command`; anything else names packages to test."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in SUB_VERBS and args[0] not in ctx.help_option_names):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUB_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUB_VERBS and cmd_name != _RUN:
            return None
        found: click.Command = importlib.import_module(f"{__name__}.{_MODULES.get(cmd_name, cmd_name)}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUB_VERBS.items()))


@click.command(cls=SubVerbs, options_metavar="", subcommand_metavar="[PACKAGES | COMMAND] ... [-- GO FLAGS]")
def command() -> None:
    """Run tests so that a pass means the same everywhere, and keep what was seen.

    steadygo test ./... -- -race -shuffle=on runs; its own options: steadygo test ./... --help.
    """
