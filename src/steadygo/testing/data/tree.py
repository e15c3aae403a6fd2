"""Copy and remove directory trees. A copy shares nothing with its template."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from steadygo.errors import UserError


def copy(template: Path, to: Path, shown: str) -> None:
    """Copy a tree with modes and times; links stay links. Raises UserError for what cannot be copied."""
    try:
        _copy(template, to, os.path.realpath(template), shown)
    except OSError as error:
        what = f"{shown} cannot be copied: {error.strerror}" + (f" ({os.path.relpath(error.filename, template)})" if error.filename else "")
        raise UserError(f"{what}.", "It must be there and readable, and the disk needs room.") from error


def _copy(template: Path, to: Path, whole: str, shown: str) -> None:
    to.mkdir(0o700)
    with os.scandir(template) as entries:
        for entry in entries:
            target = to / entry.name
            if entry.is_symlink():
                aim = os.readlink(entry.path)
                if os.path.isabs(aim) and os.path.realpath(aim).startswith(whole + os.sep):
                    raise UserError(
                        f"{shown}: the link {entry.name} leads into the template itself.", "Make it relative, or tests change the template."
                    )
                os.symlink(aim, target)
            elif entry.is_dir():
                _copy(Path(entry.path), target, whole, shown)
            elif entry.is_file():
                shutil.copy2(entry.path, target)
            else:
                raise UserError(f"{shown}: {entry.name} is neither file, directory nor link.", "Take it out of the template.")
    shutil.copystat(template, to)


def remove(path: Path) -> None:
    """Remove a tree, directories without write permission too. Raises OSError."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except PermissionError:
        for directory, _, _ in os.walk(path):
            os.chmod(directory, stat.S_IRWXU)
            for name in os.listdir(directory):
                inner = os.path.join(directory, name)
                if not os.path.islink(inner) and os.path.isdir(inner):
                    os.chmod(inner, stat.S_IRWXU)
        shutil.rmtree(path)
