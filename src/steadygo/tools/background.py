"""A process of ours that works beside this one: it is told to end by the end of its standard input, and is killed when it does not."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from steadygo.tools import guard
from steadygo.tools.processes import ended_by
from steadygo.tools.run import stop_group
from steadygo.tools.starting import explained

_GRACE_SECONDS = 5.0


class Background:
    """Started when it is made; it leads a session of its own, so that Ctrl-C in the terminal is not for it."""

    def __init__(self, arguments: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        self._stack = contextlib.ExitStack()
        with explained(arguments):
            self._process = subprocess.Popen(
                [str(a) for a in arguments],
                env=guard.marked(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._stack.enter_context(guard.on_death(group=self._process.pid))

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> str:
        """How it ended, `killed by SIGKILL` or `exit status 3`; "" while it runs. Its id stays taken until `wait`."""
        found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return ""
        return ended_by(found.si_status if found.si_code == os.CLD_EXITED else -found.si_status)

    def end(self) -> None:
        """Tell it to end."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def wait(self) -> None:
        """Wait for its end; after 5 s it is killed."""
        with self._stack:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)
            stop_group(self._process, 0.0)
