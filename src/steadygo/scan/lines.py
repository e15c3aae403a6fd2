"""Lines of files below a root, for reports and baselines."""

from __future__ import annotations

from pathlib import Path

from steadygo.scan.discover import MOST_BYTES, open_inside


class Lines:
    """Callable (path, line) -> text of that line, None when it cannot be shown. Reads each file once, never out of the root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, list[str]] = {}

    def __call__(self, path: str, line: int) -> str | None:
        if path not in self._files:
            self._files[path] = self._read(path)
        lines = self._files[path]
        return lines[line - 1] if 1 <= line <= len(lines) else None

    def _read(self, path: str) -> list[str]:
        if path.startswith("/") or ".." in path.split("/"):
            return []
        try:
            data = open_inside(self._root, path)
        except OSError:
            return []
        return data.decode("utf-8", "replace").split("\n") if len(data) <= MOST_BYTES else []
