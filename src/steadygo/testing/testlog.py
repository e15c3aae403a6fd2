"""What a test binary looked at: the file that -test.testlogfile writes. It misses Getenv in TestMain before m.Run, and TZ."""

from __future__ import annotations

from steadygo.testing.results import Looked

_KINDS = frozenset({"getenv", "open", "stat", "chdir"})
_MOST = 20_000


def parse(data: bytes) -> tuple[Looked, ...]:
    """Sorted, each once."""
    found = set()
    for line in data.decode("utf-8", "replace").splitlines():
        what, _, name = line.partition(" ")
        if what in _KINDS and name:
            found.add(Looked(what, name))
            if len(found) >= _MOST:
                break
    return tuple(sorted(found))
