"""`steadygo rules [WORDS]`: list and search the rules."""

from __future__ import annotations

import json

import click

from steadygo.rules import registry
from steadygo.rules.chapters import CHAPTERS, QUESTIONS


@click.command(short_help="List and search the rules.")
@click.argument("words", nargs=-1)
@click.option("--chapter", type=click.Choice(CHAPTERS), help="Only this chapter.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(words: tuple[str, ...], chapter: str | None, as_json: bool) -> int:
    """List the rules whose name or page holds every one of WORDS."""
    found = [
        r
        for r in registry.load_all()
        if chapter in (None, r.chapter) and all(w.lower() in f"{r.id} {r.chapter} {r.page}".lower() for w in words)
    ]
    if as_json:
        fields = [
            {"rule": r.id, "chapter": r.chapter, "severity": r.rule.severity, "confidence": r.rule.confidence, "title": r.title}
            for r in found
        ]
        click.echo(json.dumps(fields, indent=2, ensure_ascii=False))
        return 0
    last = ""
    for r in found:
        if r.chapter != last:
            click.echo(f"{'' if not last else chr(10)}{r.chapter}: {QUESTIONS[r.chapter]}")
            last = r.chapter
        click.echo(f"  {r.id:<34} {r.rule.severity:<9} {r.title}")
    click.echo(f"\n{len(found)} rules. `steadygo explain RULE` tells more.", err=True)
    return 0
