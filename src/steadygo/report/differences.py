"""Ranked differences of two environments as text."""

from __future__ import annotations

import textwrap

from steadygo.environment.compare import Comparison, Difference
from steadygo.environment.gate import Decision, Row
from steadygo.environment.impact import Impact
from steadygo.findings import Verdict

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
            blocks.append(f"{_count(len(found), 'cosmetic difference')} (--all shows them)")
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


def gate_text(decision: Decision, against: str, side: str) -> str:
    """What blocks, and in one line what does not."""
    unseen = f" {_count(len(decision.not_compared), 'thing')} only one side knows (--json lists them)." if decision.not_compared else ""
    if decision.verdict is Verdict.NOT_KNOWN:
        return f"{side} is stopped: it and {against} state nothing that could be compared."
    if not decision.blocking:
        return f"{side} may go: nothing that blocks differs from {against} ({_count(len(decision.passing), 'other difference')}).{unseen}"
    lines = [f"{side} is stopped: {_count(len(decision.blocking), 'difference')} from {against} in the way."]
    lines += [f"{d.impact}\n{_row(d, 100)}" for d in decision.blocking]
    lines.append(f"Not in the way: {_count(len(decision.passing), 'other difference')}.{unseen}")
    lines.append(f'To let one pass: [env] allow = ["{decision.blocking[0].key}"] in steadygo.toml')
    return "\n".join(lines)


def table(names: list[str], rows: list[Row], width: int = 30) -> str:
    """The sides as columns; "?" is not known, "–" is unset."""
    if not rows:
        return "All sides agree on what they know."
    cells = [["", *names], *([f"{r.key} ({r.impact})", *(_cut(c, width) for c in r.cells)] for r in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(names) + 1)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def _cut(text: str, width: int) -> str:
    text = text.replace("\n", "\\n")
    return text if len(text) <= width else text[: width - 1] + "…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
