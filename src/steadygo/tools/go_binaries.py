"""Test binaries from `go test` itself: it loads, builds, links, orders and cleans as it always does, and hands each over to be run here.

Linked so, they are those of `go test`, without the debug information that `go test -c` adds; and one is linked while others run.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygo.tools.run import Ran, listen

# For go, this script is the test: it says where it is, and waits until somebody opens its named pipe for writing.
_SCRIPT = """printf '%s\\t%s\\n' "$PWD" "$1" >"${0%/*}/ready" && read -r _ <"${0%/*}/hold$PWD/go"
exit 0
"""
_RETRY_SECONDS = 0.005


@dataclass(frozen=True)
class Held:
    """A test binary that is there until `release`; for go the test of the package in `directory` runs that long."""

    directory: str
    binary: Path
    hold: Path

    def release(self, stopped: Callable[[], bool]) -> None:
        """Let go clean up, and go on with the next package."""
        while not stopped():
            try:
                os.close(os.open(self.hold, os.O_WRONLY | os.O_NONBLOCK))
            except OSError as error:
                if error.errno != errno.ENXIO:  # nobody waits there yet
                    return
                time.sleep(_RETRY_SECONDS)
            else:
                return


def hand_over(
    go: Path,
    directory: Path,
    packages: Mapping[str, str],
    flags: Sequence[str],
    environment: Mapping[str, str],
    scratch: Path,
    take: Callable[[Held], None],
    hear: Callable[[str], None],
    stopped: Callable[[], bool],
) -> Ran:
    """Build the tests of {directory: import path}, and call `take` with each when it is there. Returns when all were released.

    `hear` gets each line that go prints, results of packages included. `scratch` is an empty directory. Both are called in this thread.
    """
    script, ready = scratch / "hold.sh", scratch / "ready"
    script.write_text(_SCRIPT)
    os.mkfifo(ready)
    for where in packages:
        _hold(scratch, where).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(_hold(scratch, where))
    quote = '"' if "'" in str(script) else "'"
    own = ["-count=1", "-timeout=0", "-json=false", f"-exec=/bin/sh {quote}{script}{quote}"]

    def take_line(line: str) -> None:
        where, _, binary = line.partition("\t")
        take(Held(where, Path(binary), _hold(scratch, where)))

    come = os.open(ready, os.O_RDWR | os.O_NONBLOCK)
    try:
        return listen(
            [go, "test", *own, *flags, *packages.values()],
            _lines(hear),
            (come, _lines(take_line)),
            directory=directory,
            environment={**environment, "GOTMPDIR": str(scratch)},
            stopped=stopped,
        )
    finally:
        os.close(come)


def _hold(scratch: Path, directory: str) -> Path:
    return Path(f"{scratch}/hold{directory}/go")


def _lines(take: Callable[[str], None]) -> Callable[[bytes], None]:
    rest = b""

    def feed(chunk: bytes) -> None:
        nonlocal rest
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            take(line.decode("utf-8", "surrogateescape"))

    return feed
