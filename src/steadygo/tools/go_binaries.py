"""Test binaries from `go test` itself: it loads, builds, links, orders and cleans as it always does, and hands each over to be run here.

Linked so, they are those of `go test`, without the debug information that `go test -c` adds; and one is linked while others run.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from steadygo.tools.run import Listened, Ran

# For go, this script is the test: it says where it is, and waits until somebody opens its named pipe for writing. Who comes first makes the
# pipe: go may have a binary before it is known here which packages there are.
_SCRIPT = """d="${0%/*}"; h="$d/hold$PWD"
[ -p "$h/go" ] || { mkdir -p "$h" && mkfifo "$h/go"; } 2>/dev/null
printf '%s\\0%s\\0\\n' "$PWD" "$1" >"$d/ready" && read -r _ <"$h/go"
exit 0
"""
_END = b"\0\n"  # of what it says; paths may have a tab, but no NUL
_RETRY_SECONDS = 0.005


@dataclass(frozen=True)
class Held:
    """A test binary that is there until `release`; for go the test of the package in `directory` runs that long. `ended`: go has."""

    directory: str
    binary: Path
    hold: Path
    ended: Callable[[], bool]

    def release(self, stopped: Callable[[], bool]) -> None:
        """Let go clean up, and go on with the next package; a go that has ended waits for nobody."""
        while not stopped() and not self.ended():
            try:
                os.close(os.open(self.hold, os.O_WRONLY | os.O_NONBLOCK))
            except OSError as error:
                if error.errno != errno.ENXIO:  # nobody waits there yet
                    return
                time.sleep(_RETRY_SECONDS)
            else:
                return


class Handing:
    """`go test` at work, in a process of its own from the first moment; the binaries wait until `follow` takes them.

    `scratch` is an empty directory. The block of this context manager ends go, if it has not ended.
    """

    def __init__(
        self, go: Path, directory: Path, patterns: Sequence[str], flags: Sequence[str], environment: Mapping[str, str], scratch: Path
    ) -> None:
        self._scratch = scratch
        script, ready = scratch / "hold.sh", scratch / "ready"
        script.write_text(_SCRIPT)
        os.mkfifo(ready)
        quote = '"' if "'" in str(script) else "'"
        own = ["-count=1", "-timeout=0", "-json=false", f"-exec=/bin/sh {quote}{script}{quote}"]
        here = {**environment, "GOTMPDIR": str(scratch)}
        self._go = Listened([go, "test", *own, *flags, *patterns], directory=directory, environment=here)
        self._cleaning = contextlib.ExitStack()
        self._cleaning.enter_context(self._go)
        self._come = os.open(ready, os.O_RDWR | os.O_NONBLOCK)
        self._cleaning.callback(os.close, self._come)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleaning.close()

    def follow(
        self, directories: Iterable[str], take: Callable[[Held], None], hear: Callable[[str], None], stopped: Callable[[], bool]
    ) -> Ran:
        """Call `take` with each binary when it is there. Returns when go has ended: all were released, or it was killed. To be called once.

        `directories` are those of the packages as far as they are known. `hear` gets each line that go prints.
        Both are called in this thread.
        """
        for where in directories:
            _make(self._hold(where))

        def take_pair(said: str) -> None:
            where, _, binary = said.partition("\0")
            take(Held(where, Path(binary), self._hold(where), self._go.ended))

        return self._go.listen(_split(hear, b"\n"), (self._come, _split(take_pair, _END)), stopped)

    def _hold(self, directory: str) -> Path:
        return Path(f"{self._scratch}/hold{directory}/go")


def _make(pipe: Path) -> None:
    pipe.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkfifo(pipe)


def _split(take: Callable[[str], None], end: bytes) -> Callable[[bytes], None]:
    rest = b""

    def feed(chunk: bytes) -> None:
        nonlocal rest
        *whole, rest = (rest + chunk).split(end)
        for line in whole:
            take(line.decode("utf-8", "surrogateescape"))

    return feed
