"""Ranked differences of two environments as text."""

from __future__ import annotations

import textwrap

from steadygo.environment.compare import Comparison, Difference
from steadygo.environment.impact import Impact

_MOST = 60
_TITLES = {
    Impact.FATAL: "FATAL: the program does not start, or not at all as meant",
    Impact.BEHAVIOUR: "BEHAVIOUR",
    Impact.PERFORMANCE: "PERFORMANCE",
    Impact.COSMETIC: "COSMETIC",
}


def text(compared: Comparison, a: str, b: str, everything: bool, width: int = 100) -> str:
    """Blocks by impact, worst first; cosmetic ones are only counted unless `everything`."""
    blocks: list[str] = [f"a = {a}\nb = {b}"]
    for impact in Impact:
        found = [d for d in compared.differences if d.impact is impact]
        if not found:
            continue
        if impact is Impact.COSMETIC and not everything:
            blocks.append(f"{len(found)} cosmetic differences (--all shows them)")
            continue
        blocks.append("\n".join([_TITLES[impact], *(_row(d, width) for d in found)]))
    if not compared.differences:
        blocks.append("No difference.")
    if compared.not_compared and everything:
        blocks.append(
            textwrap.fill(f"Not compared, one side does not know: {', '.join(compared.not_compared)}", width, subsequent_indent="  ")
        )
    blocks.append(f"verdict: {compared.verdict}")
    return "\n\n".join(blocks)


def _row(difference: Difference, width: int) -> str:
    head = f"  {difference.key}: {_shown(difference.a)} → {_shown(difference.b)}"
    why = textwrap.fill(f"{difference.why} [{difference.source}]", width, initial_indent="      ", subsequent_indent="      ")
    return f"{head}\n{why}"


def _shown(value: str | None) -> str:
    if value is None:
        return "(unset)"
    value = value.replace("\n", "\\n") or '""'
    return value if len(value) <= _MOST else value[: _MOST - 1] + "…"
