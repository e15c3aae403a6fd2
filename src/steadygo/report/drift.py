"""What drifted from the one place, or was brought back into step."""

from __future__ import annotations

from steadygo.environment.sync import Edit, Source


def text(source: Source, edits: list[Edit], check: bool) -> str:
    """One line an edit, under a line that names the source."""
    head = f"Go {source.go} ({source.go_from})" + (f", golangci-lint {source.golangci} (steadygo.toml)" if source.golangci else "")
    if not source.exact:
        head += ", a minimum: pin one for all with a toolchain line or [env.sync] go"
    if not edits:
        return f"{head}\nEverything is in step."
    rows = [f"  {e.path}:{e.line}  {e.what}: {e.found} → {' '.join(e.wanted.split())}" for e in edits]
    files = len({e.path for e in edits})
    tail = (
        f"{files} file{'s' if files > 1 else ''} drifted; `steadygo env sync` mends them."
        if check
        else f"{files} file{'s' if files > 1 else ''} changed."
    )
    return "\n".join([head, *rows, tail])
