"""Another clock for a child process. It reaches programs that ask the C library (gcc, git), not Go's own tools."""

from __future__ import annotations

import shutil
from collections.abc import Mapping


def prefix(when: str, environment: Mapping[str, str]) -> list[str]:
    """The words to put before a command so that it sees the time `when` (UTC); empty where faketime is not installed."""
    program = shutil.which("faketime", path=environment.get("PATH"))
    return [program, "-f", f"@{when}"] if program else []
