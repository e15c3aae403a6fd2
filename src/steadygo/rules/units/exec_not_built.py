"""The unit starts a program that nothing here builds: it fails with status=203/EXEC, or starts an old binary that was left on the host.

ExecStart names a file that is neither the binary of a main package nor something that a build, an install line or a release
writes. Units of other programs (a proxy, a database) are left out: only a unit that is called like a service of this
repository, or that steadygo.toml joins with one, is looked at.

Fix: write the path of the binary that the build installs, or install it under the name that the unit starts.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from steadygo.facts.daemons import Daemon, daemons
from steadygo.facts.repository import Repository, Service
from steadygo.facts.units import exec_words
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_LAUNCHERS = {"sh", "bash", "dash", "env", "nice", "chroot", "setpriv", "systemd-cat", "flock", "go", "docker", "podman"}


def check(facts: Repository) -> Iterator[Finding]:
    installed = _installed(facts)
    for daemon in daemons(facts):
        words = exec_words(daemon.start.value)[1]
        started = _started(words)
        program = posixpath.basename(started)
        if not program or program in _LAUNCHERS or program in installed or "%" in program or "$" in program:
            continue
        service = daemon.service or _namesake(facts, daemon)
        if service is None or service.main is None or any(posixpath.basename(p) == program for p in facts.paths):
            continue
        names = sorted({posixpath.basename(b.output) for b in service.builds if b.output} or {service.name})
        built = next((b.at for b in service.builds if b.output), service.builds[0].at if service.builds else None)
        proof = (because(built, f"the build of {service.name} writes {', '.join(names)}"),) if built else ()
        yield Finding(
            f"{daemon.unit.name} starts {started}, but nothing here builds or installs a program called {program}",
            daemon.at(),
            proof,
            f"Start {names[0]}, or install the binary as {program}.",
            service.name,
        )


def _started(words: tuple[str, ...]) -> str:
    """The program of an ExecStart, seen through `sh -c` where that starts a program of one's own by its whole path."""
    if words and posixpath.basename(words[0]) in ("sh", "bash", "dash") and "-c" in words[:-1]:
        inner = [w for w in words[words.index("-c") + 1].split() if w != "exec" and not re.match(r"\w+=", w)]
        if inner and inner[0].startswith(("/usr/local/", "/opt/", "/srv/")):
            return inner[0]
    return words[0] if words else ""


def _namesake(facts: Repository, daemon: Daemon) -> Service | None:
    stem = daemon.unit.name.removesuffix(".service").rstrip("@")
    return next((s for s in facts.services if not s.tool and s.main is not None and s.name == stem), None)


def _installed(facts: Repository) -> set[str]:
    """Base names of everything that a main package, a build, a copy or an install line may be called."""
    names = {posixpath.basename(s.main) if s.main else s.name for s in facts.services} | {s.name for s in facts.services}
    names |= {posixpath.basename(b.output) for s in facts.services for b in s.builds if b.output}
    for _, _, command in facts.commands():
        if command.words and command.words[0].rpartition("/")[2] in ("install", "cp", "mv", "ln", "go", "upx", "strip"):
            names |= {posixpath.basename(w.rstrip("/")) for w in command.words[1:]}
    return names - {""}


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = {"cmd/orders/main.go": "package main\n\nfunc main() {}\n"}

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("unit", "go"),
    fails=(
        {
            **_MODULE,
            **_MAIN,
            "Makefile": "build:\n\tgo build -o bin/orders ./cmd/orders\n",
            "deploy/orders.service": "[Service]\n# want below\nExecStart=/usr/local/bin/orders-server\nRestart=always\n",
        },
        {
            **_MODULE,
            **_MAIN,
            "orders.service": "[Service]\n# want below\nExecStart=/bin/sh -c 'exec /usr/local/bin/orderz -v'\nRestart=always\n",
        },
    ),
    passes=(
        {
            **_MODULE,
            **_MAIN,
            "orders.service": "[Service]\nExecStart=/usr/bin/orders\n",
        },
        {
            **_MODULE,
            **_MAIN,
            "nginx.service": "[Service]\nExecStart=/usr/sbin/nginx\n",
        },
        {
            **_MODULE,
            **_MAIN,
            "Makefile": "install:\n\tinstall -m 755 bin/orders /usr/local/bin/orders-server\n",
            "orders.service": "[Service]\nExecStart=/usr/local/bin/orders-server\n",
        },
        {
            **_MODULE,
            **_MAIN,
            "orders.service": "[Service]\nExecStart=/bin/sh -c 'exec $(cat /etc/orders/program)'\n",
        },
    ),
)
