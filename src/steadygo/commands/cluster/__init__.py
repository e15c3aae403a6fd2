"""`steadygo cluster`: one file a sub-verb, imported only when it is asked for."""

from __future__ import annotations

import importlib

import click

SUB_VERBS = {
    "keys": "Write the certificates and keys of a new cluster.",
    "scheduler": "Let clients and workers find each other.",
    "worker": "Run tests for the clients of a cluster.",
}


class SubVerbs(click.Group):
    """A group whose commands live in steadygo.commands.cluster.<verb> as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUB_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUB_VERBS:
            return None
        found: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUB_VERBS.items()))


@click.command(cls=SubVerbs)
def command() -> None:
    """Set up machines that run tests together: steadygo test --cluster tls://HOST:8786."""
