"""Words in front of a command that take something away from it: processors, memory, files, the network, the superuser's rights.

Each answer is a tuple of words, or None where this machine or user cannot do it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from steadygo.tools.run import run

_NOBODY = "65534"
_UP = 'ip link set lo up && exec "$@"'
_ENTER = 'for d; do test -r "$d" && test -x "$d" || exit 1; done'
_UP_UNPRIVILEGED = 'ip link set lo up && exec setpriv --inh-caps=-all --ambient-caps=-all "$@"'

Words = tuple[str, ...] | None


def one_processor(environment: Mapping[str, str]) -> Words:
    """The first of the processors that it may use."""
    return ("taskset", "-c", str(min(os.sched_getaffinity(0)))) if _has(environment, "taskset") else None


def data_limit(environment: Mapping[str, str], most_bytes: int) -> Words:
    """Less memory to write to (RLIMIT_DATA): address space that Go reserves without touching it does not count."""
    return ("prlimit", f"--data={most_bytes}:{most_bytes}") if _has(environment, "prlimit") else None


def file_limit(environment: Mapping[str, str], most: int) -> Words:
    """Fewer open files, with the hard limit too: Go raises the soft one."""
    return ("prlimit", f"--nofile={most}:{most}") if _has(environment, "prlimit") else None


def no_network(environment: Mapping[str, str]) -> Words:
    """A network of its own with nothing in it but loopback."""
    if not _has(environment, "unshare", "ip", "setpriv"):
        return None
    root = os.geteuid() == 0
    words = ("unshare", "-n") if root else ("unshare", "--map-current-user", "-n", "--keep-caps")
    return _that_work((*words, "sh", "-c", _UP if root else _UP_UNPRIVILEGED, "sh"), environment)


def powerless(environment: Mapping[str, str]) -> Words:
    """Root whom file permissions stop as they stop everybody else. None for other users too."""
    words = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    return _that_work(words, environment) if os.geteuid() == 0 and _has(environment, "setpriv") else None


def namesake_of_root(environment: Mapping[str, str]) -> Words:
    """For everybody but root: root of a user namespace."""
    return _that_work(("unshare", "-r"), environment) if os.geteuid() != 0 and _has(environment, "unshare") else None


def nobody(environment: Mapping[str, str], *needed: str) -> Words:
    """For root: a user without rights, who must be able to enter the `needed` directories."""
    if os.geteuid() != 0 or not _has(environment, "setpriv"):
        return None
    words = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups")
    return words if run([*words, "sh", "-c", _ENTER, "sh", *needed], environment=environment, timeout_seconds=10.0).ok else None


def _that_work(words: tuple[str, ...], environment: Mapping[str, str]) -> Words:
    return words if run([*words, "true"], environment=environment, timeout_seconds=10.0).ok else None


def _has(environment: Mapping[str, str], *programs: str) -> bool:
    return all(shutil.which(p, path=environment.get("PATH")) for p in programs)
