"""The formats by name, and where their text goes."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from steadygo.errors import UserError
from steadygo.report.terminal import Look, look_for
from steadygo.scan.result import RuleDoc, ScanResult, Source

NAMES = ("text", "json", "sarif", "github", "junit", "html")


def render(name: str, result: ScanResult, source: Source, look: Look) -> str:
    """`result` in the format `name`."""
    # each format is imported alone: most scans print text, and an unchanged rescan has 0.3 s
    match name:
        case "json":
            from steadygo.report import json

            return json.render(result)
        case "sarif":
            from steadygo.report import sarif

            return sarif.render(result, source, _rule_docs())
        case "github":
            from steadygo.report import github

            return github.render(result)
        case "junit":
            from steadygo.report import junit

            return junit.render(result, source)
        case "html":
            from steadygo.report import html

            return html.render(result, source)
    from steadygo.report import text

    return text.render(result, source, look)


def _rule_docs() -> list[RuleDoc]:
    from steadygo.rules import registry

    return [RuleDoc(r.id, r.chapter, r.rule.severity, r.title, r.page) for r in registry.load_all()]


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
