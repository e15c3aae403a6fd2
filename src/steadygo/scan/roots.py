"""The directory a command was given, checked."""

from __future__ import annotations

from pathlib import Path

from steadygo.errors import UserError


def scan_root(path: Path) -> Path:
    """`path` made absolute. Raises UserError when it is not a directory that can be entered."""
    try:
        root = path.resolve(strict=True)
    except FileNotFoundError:
        raise UserError(f"there is no {path}.", "Give the directory of a Go service.") from None
    except (OSError, RuntimeError) as error:
        raise UserError(f"{path} cannot be opened: {error}.", "Give the directory of a Go service.") from error
    if not root.is_dir():
        raise UserError(f"{path} is a file.", "Give the directory that holds the service's go.mod.")
    return root


def module_above(root: Path) -> Path | None:
    """The nearest directory above `root` that holds a go.mod, inside the same work tree; None when `root` is a module or in none."""
    if (root / "go.mod").exists() or (root / "go.work").exists():
        return None
    for folder in (root, *root.parents):
        if folder != root and (folder / "go.mod").is_file():
            return folder
        if (folder / ".git").exists():
            return None
    return None
