"""What is said where this machine cannot start a program that is there."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Sequence
from pathlib import Path

from steadygo.errors import UserError

_REMEDIES = {
    errno.E2BIG: "Name fewer packages, or unset long variables: one word and its environment have to fit into what the kernel takes.",
    errno.ENOMEM: "Free some memory, or let fewer programs run at a time.",
    errno.EAGAIN: "Raise the number of processes that this user may have (ulimit -u, pids.max), or let fewer run at a time.",
    errno.EMFILE: "Raise the number of files that may be open (ulimit -n).",
    errno.ENFILE: "Raise the number of files that may be open on this machine (fs.file-max).",
    errno.ENOEXEC: "It is not made for this machine, or a script without #!.",
}


@contextlib.contextmanager
def explained(arguments: Sequence[str | Path]) -> Iterator[None]:
    """In this block the program is started. Raises UserError where that fails, unless it is missing or may not be run."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        raise
    except OSError as error:
        raise UserError(f"{arguments[0]} cannot be started: {error.strerror}.", _REMEDIES.get(error.errno or 0, "")) from error
