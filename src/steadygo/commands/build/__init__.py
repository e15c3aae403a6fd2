"""`steadygo build`: one file a sub-verb, imported only when it is asked for."""

from __future__ import annotations

import importlib

import click

SUB_VERBS = {
    "explain": "Say why two binaries differ, in Go's terms.",
    "list": "List the programs that were built, and which release surprises.",
    "show": "Show what is kept of one program.",
    "modules": "Check versions, retractions, licences, and vendor/ against go.sum.",
    "cache-key": "Hold the cache keys of a workflow against what Go hashes.",
    "verify": "Check before a start that a program is what was built and can run here.",
}


_PROGRAM = "program"


class SubVerbs(click.Group):
    """A group whose commands live in steadygo.commands.build.<verb> as `command`; anything else names a package to build."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in SUB_VERBS and args[0] not in ctx.help_option_names:
            args = [_PROGRAM, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name, found, rest = super().resolve_command(ctx, args)
        return (None if name == _PROGRAM else name), found, rest

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUB_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUB_VERBS and cmd_name != _PROGRAM:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUB_VERBS.items()))


@click.command(cls=SubVerbs, options_metavar="", subcommand_metavar="PACKAGE | COMMAND ...")
def command() -> None:
    """Build PACKAGE the same everywhere, prove what was shipped, and say why two binaries differ.

    steadygo build ./cmd/api --out dist builds; its options: steadygo build ./cmd/api --help.
    """
