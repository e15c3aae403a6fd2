"""Source lines as a report may show them: bounded, harmless, without secrets."""

from __future__ import annotations

from steadygo.facts.secrets import without_secrets
from steadygo.report.escaping import clean
from steadygo.scan.result import Source

_LONGEST = 240  # characters of one line; minified files have lines of megabytes
_LOOKED_AT = 4 * _LONGEST  # so that no secret is cut in half before it is seen
_CODE = (".go", ".py", ".js", ".ts", ".rs")


def shown(source: Source, path: str, line: int) -> str | None:
    """The line as a person may see it, without its indentation; None when it cannot be shown."""
    text = source(path, line)
    if text is None:
        return None
    above = (source(path, line - 1) or "") if line > 1 else ""
    safe = without_secrets(text.strip()[:_LOOKED_AT], code=path.endswith(_CODE), above=above[:_LOOKED_AT])
    return clean(safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…")
