"""What made two programs differ, in Go's terms."""

from __future__ import annotations

from typing import NamedTuple

ABSENT = "(absent)"


class Cause(NamedTuple):
    """One reason. `kind` is one of KINDS, `at` the place it shows, `a` and `b` what each side has, `why` one sentence."""

    kind: str
    at: str
    a: str
    b: str
    why: str


KINDS = {
    "toolchain": "another Go compiled it",
    "target": "built for another system or processor",
    "entry-point": "another main package",
    "module-version": "a dependency is of another version",
    "replaced-module": "a dependency was replaced by other source",
    "build-tag": "-tags differ",
    "flag": "a compiler, linker or build flag differs",
    "ldflag": "-X set a string differently",
    "cgo": "C code, its flags or the C library differ",
    "vcs": "the commit or the state of the checkout differs",
    "version-stamp": "the main module's version differs",
    "embedded-file": "a file embedded by //go:embed differs",
    "path": "built in another directory without -trimpath",
    "goamd64": "another processor level (GOAMD64 or its peer)",
    "godebug": "other default GODEBUG settings",
    "source": "source code differs",
    "unexplained": "bytes differ and nothing above says why",
}
