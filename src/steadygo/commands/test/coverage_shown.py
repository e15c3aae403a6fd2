"""The difference of coverage as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from steadygo.commands.test.covered import Base, Document, Here
from steadygo.report.escaping import clean
from steadygo.report.grouping import counted
from steadygo.report.terminal import Look
from steadygo.testing.coverage.difference import File, Function, Measure, State
from steadygo.testing.coverage.lines import Range

_MOST = 20  # functions of one kind, and files; --json has all
_TITLES = {
    State.LOST: ("Lost", "✗", ("bold", "red")),
    State.GAINED: ("Gained", "✓", ("green",)),
    State.NEW: ("New", "+", ("cyan",)),
    State.DELETED: ("Deleted", "−", ("dim",)),
    State.NOT_KNOWN: ("Not known on one side", "?", ("yellow",)),
}


def shown(document: Document, look: Look) -> str:
    """All lines."""
    return "\n".join(_lines(document, look))


def _lines(document: Document, look: Look) -> Iterator[str]:
    found = document.difference
    total = found.total
    yield f"coverage  {_arrow(total.before, total.after)}{_points(total.change)}"
    yield f"base      {base_said(document.base)}"
    yield f"here      {here_said(document.here)}"
    diff = found.diff
    if diff.percent is None:
        yield f"changed   no changed line {'that was measured ' if document.unmeasured else ''}holds code that can run"
    else:
        yield f"changed   tests run {diff.covered} of {diff.lines} changed lines with code, {diff.percent:.1f} %"
    for state, (title, sign, styles) in _TITLES.items():
        functions = [f for f in found.functions if f.state is state]
        if state is State.NEW:
            functions.sort(key=lambda f: f.after.percent if f.after else 0.0)
        if functions:
            yield ""
            yield look.style(f"{title} ({len(functions)})", "bold")
            yield from (f"  {look.style(sign, *styles)} {_function(f)}" for f in functions[:_MOST])
            yield from _more(len(functions) - _MOST, "functions")
    yield from _ranges("Changed lines that no test runs", "uncovered", diff.files, look)
    yield from _ranges("Changed lines that run only in part", "partly", diff.files, look)
    yield from _ranges("Unchanged lines that run no more", "lost", diff.files, look)
    generated = [f for f in diff.files if f.generated and f.lines]
    if generated:
        yield ""
        yield f"Changed lines of {counted(len(generated), 'generated file')} are not counted."
    if document.not_known:
        yield ""
        yield look.style("Not known", "bold")
        yield from (f"  ? {clean(sentence)}" for sentence in document.not_known)
    if document.failed:
        yield ""
        yield look.style("Failed", "bold")
        yield from (f"  ✗ {clean(f.package)}  {clean(f.why)}" for f in document.failed)


def _arrow(before: Measure | None, after: Measure | None) -> str:
    def one(measure: Measure) -> str:
        return f"{measure.percent:.1f} %" if measure.statements else "nothing to run"

    said = [one(m) for m in (before, after) if m]
    counts = f" ({after.covered} of {after.statements} statements)" if after and after.statements else ""
    return " → ".join(said) + counts


def _points(change: float | None) -> str:
    return "" if change is None else ", unchanged" if round(change, 1) == 0 else f", {change:+.1f} points".replace("-", "−")


def base_said(base: Base) -> str:
    """What is compared with."""
    how = {"ran": "measured now", "kept": "measured before, unchanged", "profile": "from profiles", "not-known": "not known"}[base.origin]
    if not base.commit:
        return how
    where = f"{base.commit[:12]}, where HEAD left {base.revision}" if base.merge_base else f"{base.commit[:12]} ({base.revision})"
    return f"{clean(where)}, {how}"


def here_said(here: Here) -> str:
    """What is measured."""
    how = {"ran": "measured now", "profile": "from profiles"}[here.origin]
    if not here.commit:
        return how
    loose = [f"{n} {word}" for n, word in ((here.changed, "changed"), (here.untracked, "untracked")) if n > 0]
    with_ = f" with {' and '.join(loose)} file{'s' if here.changed + here.untracked > 1 else ''} not committed" if loose else ""
    return f"{here.commit[:12]}{with_}, {how}"


def _function(function: Function) -> str:
    moved = f", moved from {function.was.path}:{function.was.line}" if function.was else ""
    return f"{clean(function.path)}:{function.line}  {clean(function.function)}  {_arrow(function.before, function.after)}{clean(moved)}"


def _ranges(title: str, kind: str, files: Sequence[File], look: Look) -> Iterator[str]:
    found: list[tuple[str, Sequence[Range]]] = [(f.path, getattr(f, kind)) for f in files if getattr(f, kind) and not f.generated]
    if found:
        yield ""
        yield look.style(title, "bold")
        yield from (f"  {clean(path)}:{_spans(ranges)}" for path, ranges in found[:_MOST])
        yield from _more(len(found) - _MOST, "files")


def _spans(ranges: Iterable[Range]) -> str:
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def _more(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"  … and {count} more {what}; --json has all"
