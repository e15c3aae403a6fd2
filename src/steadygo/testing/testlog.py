"""What a test binary looked at: the file that -test.testlogfile writes. It misses Getenv in TestMain before m.Run, and TZ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from steadygo.testing import filestate
from steadygo.testing.results import Looked

_KINDS = frozenset({"getenv", "open", "stat", "chdir"})
_MOST = 20_000
_MOST_FILES = 2_000  # what it looked at beyond these has no state


def parse(data: bytes, directory: Path, began: float) -> tuple[Looked, ...]:
    """Sorted, each once, files with what they are now. The process started in `directory` at `began` (seconds since 1970).

    A name that stood for different files, because the tests changed directory, has no state.
    """
    states, found = dict[tuple[str, Path], str](), dict[tuple[str, str], str]()
    for what, name in lines(data):
        state = ""
        if what in ("open", "stat"):
            look = (what, directory / name)
            if look not in states and len(states) < _MOST_FILES:
                states[look] = (filestate.opened if what == "open" else filestate.asked)(look[1], began)
            state = states.get(look, "")
        elif what == "chdir":
            directory /= name
        found[what, name] = state if found.get((what, name), state) == state else ""
        if len(found) >= _MOST:
            break
    return tuple(sorted(Looked(what, name, state) for (what, name), state in found.items()))


def lines(data: bytes) -> Iterator[tuple[str, str]]:
    """(what, name) in the order of the log."""
    for line in data.decode("utf-8", "replace").splitlines():
        what, _, name = line.partition(" ")
        if what in _KINDS and name:
            yield what, name
