"""`steadygo build`: one file a sub-verb, imported only when it is asked for."""

from __future__ import annotations

import importlib

import click

SUB_VERBS = {
    "explain": "Say why two binaries differ, in Go's terms.",
}


class SubVerbs(click.Group):
    """A group whose commands live in steadygo.commands.build.<verb> as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUB_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUB_VERBS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUB_VERBS.items()))


@click.command(cls=SubVerbs)
def command() -> None:
    """Build the same thing everywhere, prove what was shipped, and say why two binaries differ."""
