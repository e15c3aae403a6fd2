"""`steadygo explain RULE`: what happens, why, and the fix."""

from __future__ import annotations

import difflib

import click

from steadygo.errors import UserError
from steadygo.rules import registry


@click.command(short_help="Explain a rule.")
@click.argument("rule")
def command(rule: str) -> int:
    """Print what RULE finds, why it matters and how to mend it."""
    known = registry.names()
    if rule not in known:
        near = difflib.get_close_matches(rule, known, n=1, cutoff=0.5)
        raise UserError(f"there is no rule {rule!r}.", f"Did you mean {near[0]}?" if near else "`steadygo rules` lists them.")
    registered = registry.load(rule)
    click.echo(f"{rule} (chapter {registered.chapter}, {registered.rule.severity}, {registered.rule.confidence})\n")
    click.echo(registered.page)
    click.echo(f"\nTo live with one place: # steadygo:ignore {rule} -- why")
    return 0
