"""What surrounds the tests of a run, at the client and on a worker: the part of a fingerprint that machines are compared by."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from steadygo.commands.env.around import find_around, sealer
from steadygo.environment import capture
from steadygo.environment.compare import compare
from steadygo.environment.fingerprint import Fingerprint, decode, encode
from steadygo.environment.impact import Impact
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.compare import Stated

# Variables are not among them: they travel with the assignment. Nor are paths and the state of the client's checkout.
_COMPARED = (
    "go.version", "go.selected", "go.maxprocs", "go.env.GOOS", "go.env.GOARCH", "go.env.GOAMD64", "go.env.GOARM", "go.env.GO386",
    "go.env.GOFLAGS", "go.env.GOEXPERIMENT", "go.env.GOFIPS140", "go.env.GO111MODULE", "go.env.CGO_", "go.env.CC", "go.env.CXX", "godebug.",
    "kernel.", "os.", "libc.", "tls.roots", "time.", "locale", "process.umask", "process.user", "cpu.count", "cpu.level", "cgroup.cpu.max",
    "cgroup.memory.max", "tool.gcc", "tool.clang",
)  # fmt: skip


def stated(directory: Path, environment: Mapping[str, str], go: Path) -> str:
    """What goes with an assignment: this machine, as `go` and the tests of the module at `directory` see it in `environment`."""
    seen = {**environment, "PATH": f"{go.parent}{os.pathsep}{environment.get('PATH', os.defpath)}"}
    return _compared(capture.here(find_around(directory), seen, sealer(), datetime.datetime.now(datetime.UTC)))


def _compared(fingerprint: Fingerprint) -> str:
    values = {key: value for key, value in fingerprint.values.items() if key.startswith(_COMPARED)}
    return encode(
        msgspec.structs.replace(fingerprint, values=values, closed=tuple(c for c in fingerprint.closed if c.startswith(_COMPARED)))
    )


def differences(expected: str, directory: Path, environment: Mapping[str, str], go: Path) -> list[Stated]:
    """How this machine differs from what the client `stated`. Raises UserError, and Refused when it stated nothing."""
    if not expected:
        raise Refused("The client did not say what its machine is like.")
    own = stated(directory, environment, go)
    found = compare(decode(expected, "the client's fingerprint"), decode(own, "this worker's fingerprint")).differences
    return [Stated(d.key, d.a, d.b, d.impact is not Impact.COSMETIC, d.why) for d in found]
