"""Writes docs/rules.md and docs/command-line.md from the code; with --check says whether they are up to date."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from steadygo import dispatch
from steadygo.cli import VERBS
from steadygo.rules import registry
from steadygo.rules.chapters import CHAPTERS, QUESTIONS

DOCS = Path(__file__).parent.parent / "docs"


def rules() -> str:
    """Every rule's page, by chapter."""
    found = registry.load_all()
    lines = ["# Rules", "", f"{len(found)} rules in {len(CHAPTERS)} chapters. Written by `make docs` from the rules' own pages.", ""]
    for chapter in CHAPTERS:
        own = [r for r in found if r.chapter == chapter]
        lines += [f"## {chapter}", "", f"*{QUESTIONS[chapter]}*", ""]
        for r in own:
            lines += [f"### {r.id}", "", f"{r.rule.severity}, {r.rule.confidence}, since {r.rule.since}", "", r.page, ""]
    return "\n".join(lines).rstrip() + "\n"


def command_line() -> str:
    """The help of every command."""
    lines = ["# Command line", "", "Written by `make docs` from the commands' own help.", ""]
    context = click.Context(dispatch.program, info_name="steadygo", max_content_width=100)
    for verb in VERBS:
        command = dispatch.program.get_command(context, verb)
        assert command is not None
        lines += _help(command, context, f"steadygo {verb}", verb)
    return "\n".join(lines).rstrip() + "\n"


def _help(command: click.Command, parent: click.Context, title: str, name: str) -> list[str]:
    context = click.Context(command, parent=parent, info_name=name, max_content_width=100)
    text = re.sub(r"[ \t]+$", "", command.get_help(context), flags=re.MULTILINE)
    lines = [f"## {title}", "", "```", text, "```", ""]
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            below = command.get_command(context, sub)
            if below is not None:
                lines += _help(below, context, f"{title} {sub}", sub)
    return lines


def main() -> int:
    """Write or check; returns the exit code."""
    pages = {"rules.md": rules(), "command-line.md": command_line()}
    stale = [name for name, text in pages.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != text]
    if "--check" in sys.argv:
        for name in stale:
            print(f"docs/{name} is not what the code says: run `make docs`.", file=sys.stderr)
        return int(bool(stale))
    for name in stale:
        (DOCS / name).write_text(pages[name])
        print(f"wrote docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
