"""What stands behind -- on a command line of `steadygo test` is for go."""

from __future__ import annotations

import click

from steadygo.testing.flags import Flags, parse

_KEY = "steadygo.go-flags"


class WithGoFlags(click.Command):
    """A command whose arguments end at --."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.meta[_KEY] = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])


def go_flags(ctx: click.Context) -> Flags:
    """The flags behind --. Raises UserError on what is no flag of `go test`."""
    return parse(ctx.meta[_KEY])
