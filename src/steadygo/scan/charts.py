"""Charts rendered by helm where it is installed. helm gets a copy of the chart's own regular files, never the tree itself:
it would follow symbolic links out of it, and fetch schemas that a values.schema.json refers to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from steadygo.scan.discover import open_inside
from steadygo.tools import helm

_MOST_FILES = 2_000
_MOST_BYTES = 20 << 20

Render = Callable[[str, str], str | None]
"""(directory of a chart, path of a values file or "") -> what helm makes of it, None when it cannot."""


def renderer(root: Path, paths: Iterable[str]) -> Render | None:
    """A renderer for the charts below `root`; None when helm is not installed."""
    if helm.program() is None:
        return None
    known = sorted(paths)

    def render(directory: str, values: str) -> str | None:
        prefix = f"{directory}/" if directory else ""
        own = [p for p in known if p.startswith(prefix) and not p.endswith("values.schema.json")]
        if len(own) > _MOST_FILES:
            return None
        with tempfile.TemporaryDirectory(prefix="steadygo-chart-") as scratch:
            chart, home = Path(scratch, "chart"), Path(scratch, "home")
            home.mkdir()
            left = _MOST_BYTES
            for path in own:
                try:
                    data = open_inside(root, path)
                except OSError:
                    continue
                left -= len(data)
                if left < 0:
                    return None
                target = chart / path.removeprefix(prefix)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            return helm.template(chart, chart / values.removeprefix(prefix) if values else None, home)

    return render
