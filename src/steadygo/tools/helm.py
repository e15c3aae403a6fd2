"""helm, asked only to render a chart: no cluster, no network, no plugins, no files but those of the chart."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from steadygo.tools.run import run


def program() -> str | None:
    """Where helm is, None when it is not installed."""
    return shutil.which("helm")


def template(chart: Path, values: Path | None, home: Path) -> str | None:
    """What `helm template` makes of a chart's directory with its own values, or with `values` over them; None when helm refuses it.

    `home` is an empty directory for what helm wants to write.
    """
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "HELM_CACHE_HOME": str(home),
        "HELM_CONFIG_HOME": str(home),
        "HELM_DATA_HOME": str(home),
        "HELM_PLUGINS": str(home / "plugins"),
        "KUBECONFIG": str(home / "none"),
    }
    extra: list[str | Path] = ["--values", values] if values is not None else []
    ran = run(["helm", "template", "release-name", chart, *extra], environment=environment, timeout_seconds=20, most_bytes=16 << 20)
    return ran.text if ran.ok else None
