"""Which version of a program is installed, asked of the program itself."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from steadygo.tools.run import Outcome, run

# Programs whose version changes what a Go service's build, tests or checks give, and how each is asked.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "gcc": ("-dumpfullversion",),
    "clang": ("--version",),
    "ld": ("--version",),
    "make": ("--version",),
    "git": ("--version",),
    "golangci-lint": ("version",),
    "gopls": ("version",),
    "staticcheck": ("--version",),
    "govulncheck": ("-version",),
    "dlv": ("version",),
    "protoc": ("--version",),
    "buf": ("--version",),
    "ko": ("version",),
    "goreleaser": ("--version",),
    "docker": ("--version",),
    "podman": ("--version",),
    "systemctl": ("--version",),
    "openssl": ("version",),
}
_VERSION = re.compile(r"\d+(?:\.\d+)+(?:[-+~][\w.]+)?|\b\d+\b")


def installed(timeout_seconds: float = 0.7) -> dict[str, str | None]:
    """{program: version} of those on PATH; None when a program does not answer in time. All are asked at once."""
    with ThreadPoolExecutor(len(PROGRAMS)) as pool:
        answers = pool.map(lambda p: _ask(p, timeout_seconds), PROGRAMS)
        return {name: version for name, (found, version) in zip(PROGRAMS, answers, strict=True) if found}


def _ask(program: str, timeout_seconds: float) -> tuple[bool, str | None]:
    ran = run([program, *PROGRAMS[program]], timeout_seconds=timeout_seconds, most_bytes=1 << 16)
    if ran.outcome is Outcome.MISSING:
        return False, None
    found = _VERSION.search(ran.text or ran.stderr.decode("utf-8", "replace")) if ran.ok else None
    return True, found[0] if found else None
