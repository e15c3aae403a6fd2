"""Test binaries by `go test -c`, several packages at a time, for whoever needs them to stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from steadygo.testing.engine import Setting
from steadygo.testing.plan import Planned
from steadygo.tools import go_test

_FIRST_BATCH = 2  # packages compiled by the first call of go; each further batch is twice as large: results come early, go loads seldom


def batches(plan: Sequence[Planned]) -> Iterator[list[Planned]]:
    """Packages that are compiled together: binaries of one batch have different names."""
    left, size = list(plan), _FIRST_BATCH
    while left:
        batch: dict[str, Planned] = {}
        rest = []
        for package in left:
            name = binary_name(package.path)
            if len(batch) < size and name not in batch:
                batch[name] = package
            else:
                rest.append(package)
        yield list(batch.values())
        left, size = rest, size * 2


def binary_name(path: str) -> str:
    """What `go test -c` calls the binary of an import path."""
    parts = path.split("/")
    name = parts[-2] if len(parts) > 1 and re.fullmatch(r"v[1-9]\d*", parts[-1]) and parts[-1] != "v1" else parts[-1]
    return f"{name}.test"


def compile_tests(batch: Sequence[Planned], setting: Setting, out: Path, stopped: Callable[[], bool]) -> tuple[dict[str, Path], str]:
    """(import path -> test binary in the new directory `out`, what go said about the rest) of packages that `batches` put together."""
    out.mkdir()
    paths = [p.path for p in batch]
    where = out if len(batch) > 1 else out / binary_name(paths[0])
    ran = go_test.compile_tests(setting.go, setting.directory, paths, where, setting.flags.build, setting.environment, stopped)
    found = {path: out / binary_name(path) for path in paths}
    return {path: file for path, file in found.items() if file.is_file()}, ran.stderr.decode("utf-8", "replace")
