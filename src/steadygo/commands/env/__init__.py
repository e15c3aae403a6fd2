"""`steadygo env`: fingerprints of environments, compared, gated, kept in step."""

from __future__ import annotations

import importlib

import click

SUBVERBS = {
    "show": "Take the fingerprint of this environment.",
    "diff": "Compare two environments, ranked by what each difference does.",
    "gate": "Stop a deployment when the environment drifted.",
    "doctor": "Find what is wrong with the set-up of Go here.",
    "sync": "Keep editors, CI and images in step with go.mod.",
    "parity": "Compare how a service behaves in two environments.",
    "install": "Install a Go toolchain, verified before it is unpacked.",
    "use": "Run a command under an installed toolchain.",
}


class Subverbs(click.Group):
    """Sub-verbs live in steadygo.commands.env.<name> as `command`, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBVERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBVERBS:
            return None
        command: click.Command = importlib.import_module(f"steadygo.commands.env.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBVERBS.items()))


@click.group(cls=Subverbs, short_help="Compare environments, and gate on what differs.")
def command() -> None:
    """See what an environment is, how two differ, and what the difference does."""
