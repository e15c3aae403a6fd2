"""`steadygo build explain A B`"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from steadygo.build.explain import Explanation, explain

_MOST_CAUSES = 18
_MOST_SECTIONS = 12


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the machine's form (docs/schema/build-explain.schema.json).")
def command(a: Path, b: Path, as_json: bool) -> int:
    """Say why two Go binaries differ: toolchain, module, tag, flag, VCS stamp, embedded file, C code, path, source.

    Reads ELF, Mach-O and PE and needs no Go. Exit code 1 when they differ.
    """
    found = explain(a, b)
    click.echo(as_document(found) if as_json else as_text(found, a, b))
    return 0 if found.identical else 1


def as_document(found: Explanation) -> str:
    """The JSON that docs/schema/build-explain.schema.json describes."""
    document = {
        "identical": found.identical,
        "causes": [cause._asdict() for cause in found.causes],
        "sections": [msgspec.to_builtins(section) for section in found.sections],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def as_text(found: Explanation, a: Path, b: Path) -> str:
    """At most fifty lines for people."""
    if found.identical:
        return "identical, byte for byte"
    lines = [f"a  {a}", f"b  {b}", ""]
    for cause in found.causes[:_MOST_CAUSES]:
        lines += [f"{cause.kind}: {cause.at}", f"    {_short(cause.a)}  ->  {_short(cause.b)}"]
        if _room(found):
            lines.append(f"    {cause.why}")
    if len(found.causes) > _MOST_CAUSES:
        lines.append(f"and {len(found.causes) - _MOST_CAUSES} more (--json lists all)")
    if found.sections and _room(found):
        lines += ["", "where it shows first:"]
        width = max(len(section.section) for section in found.sections[:_MOST_SECTIONS])
        lines += [f"    {s.section:<{width}}  {s.first}" for s in found.sections[:_MOST_SECTIONS]]
    return "\n".join(lines)


def _room(found: Explanation) -> bool:
    return len(found.causes) <= 10


def _short(text: str, most: int = 70) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
