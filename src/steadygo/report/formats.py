"""The formats by name, and where their text goes."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
from pathlib import Path

from steadygo.errors import UserError
from steadygo.report.terminal import Look, look_for
from steadygo.scan.result import ScanResult, Source

NAMES = ("text", "json", "sarif", "github", "junit", "html")


def render(name: str, result: ScanResult, source: Source, look: Look) -> str:
    """`result` in the format `name`."""
    if name == "text":
        from steadygo.report import text

        return text.render(result, source, look)
    if name == "json":
        from steadygo.report import json

        return json.render(result)
    module = importlib.import_module(f"steadygo.report.{name}")
    rendered: str = module.render(result, source, look)
    return rendered


def print_result(name: str, result: ScanResult, source: Source, output: Path | None) -> None:
    """Print `result` to stdout, or to the file `output`."""
    if output is not None:
        write(output, render(name, result, source, Look()))
        return
    sys.stdout.buffer.write(render(name, result, source, look_for(sys.stdout, os.environ)).encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises UserError."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
        try:
            with open(descriptor, "wb") as file:
                file.write(text.encode("utf-8", "replace"))
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.", "Name a file in a directory that you may write to.") from error
