"""SIGTERM never reaches the program: a shell stands in front of it, so each stop waits for the whole grace period and ends in SIGKILL.

Docker and Kubernetes signal the container's first process only. A shell that is that process neither passes SIGTERM on nor dies of it:
the drain never runs, requests in flight are cut, and every deploy takes the whole grace period. It stands there when the image starts
with the shell form (`CMD ./orders --port 80`), with `sh -c "migrate && orders"`, or with a script that runs the program without `exec`.

What a shell does with the only command of `-c` differs: bash replaces itself by it, dash (Debian, Ubuntu) does not; busybox (Alpine) and
shells of unknown images are given the benefit of the doubt. systemd signals every process of a unit, so units count only with
KillMode=process or mixed. A script that traps signals, or ends in `exec`, is fine.

Fix: use the exec form (`CMD ["/orders"]`), and let scripts end in `exec /orders "$@"`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from steadygo.facts.commands import Command
from steadygo.facts.images import Start
from steadygo.facts.pipelines import Script
from steadygo.facts.repository import Repository, Service, ShippedImage
from steadygo.facts.runtimes import shipped_runtimes
from steadygo.facts.units import exec_words
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_SHELLS = {"sh", "bash", "ash", "dash", "zsh"}
_INIT = {"tini", "dumb-init", "catatonit", "docker-init", "s6-svscan", "supervisord", "runit"}
_FORKING_SHELL = re.compile(
    r"(?i)(?:^|/)(?:debian|ubuntu|golang(?!.*alpine)|buildpack-deps|python(?!.*alpine)|node(?!.*alpine))(?:[:@]|\Z)"
)
_STEPS = {"exec", "gosu", "su-exec", "env", "nice", "chpst", "setpriv"}
_SEPARATORS = re.compile(r"&&|\|\||;|\||(?<!>)&(?!>)")


def check(facts: Repository) -> Iterator[Finding]:
    for service in facts.services:
        if service.tool or service.main is None:
            continue
        for image in service.images:
            if facts.ships(image.image.path):
                yield from _image(facts, service, image)
    for service, runtime in shipped_runtimes(facts):
        if runtime.running is not None:
            container = runtime.running.container
            words = (*(container.command or ()), *(container.args or ()))
            at = runtime.running.at(container.command_line or container.line)
            if container.command is not None or (container.args and not service.images):
                yield from _words(facts, service, words, at, f"{runtime.label} starts", "")
        elif runtime.unit is not None:
            mode = runtime.unit.find("Service", "KillMode")
            start = runtime.unit.find("Service", "ExecStart")
            if mode is not None and mode.value in ("process", "mixed") and start is not None:
                at = Place(start.path or runtime.unit.path, start.line)
                yield from _words(facts, service, exec_words(start.value)[1], at, f"{runtime.label} starts", "")


def _image(facts: Repository, service: Service, image: ShippedImage) -> Iterator[Finding]:
    entrypoint = next((s.entrypoint for s in image.lineage() if s.entrypoint), None)
    command = next((s.command for s in image.lineage() if s.command), None)
    base = image.lineage()[-1].base
    path = image.image.path
    first = entrypoint or command
    if first is None:
        return
    at = Place(path, first.line, first.column)
    if first.shell:
        shell = next((s.shell for s in image.lineage() if s.shell), ())
        yield from _shell(facts, service, _text(first), at, "The image starts", shell[0] if shell else _default_shell(base))
        return
    words = (*first.words, *(command.words if entrypoint and command else ()))
    yield from _words(facts, service, words, at, "The image starts", base)


def _text(start: Start) -> str:
    return " ".join(start.words)


def _default_shell(base: str) -> str:
    return "dash" if _FORKING_SHELL.search(base) else ""


def _words(facts: Repository, service: Service, words: tuple[str, ...], at: Place, says: str, base: str) -> Iterator[Finding]:
    rest = list(words)
    group = False
    while rest and (posixpath.basename(rest[0]) in _INIT or rest[0].startswith("-")):
        group = group or rest[0] in ("-g", "--single-child") or posixpath.basename(rest[0]) == "dumb-init"
        rest = rest[1:]
    if not rest or group:  # dumb-init, and tini -g, signal the whole group
        return
    program = posixpath.basename(rest[0])
    if program in _SHELLS and len(rest) > 2 and rest[1].startswith("-") and "c" in rest[1]:
        yield from _shell(facts, service, rest[2], at, says, "bash" if program == "bash" else _default_shell(base))
        return
    script = rest[1] if program in _SHELLS and len(rest) > 1 else rest[0]
    yield from _script(facts, service, script, at, says, tuple(rest[rest.index(script) + 1 :]))


def _shell(facts: Repository, service: Service, text: str, at: Place, says: str, shell: str) -> Iterator[Finding]:
    """`sh -c text`: what the shell runs last decides."""
    parts = [p.strip() for p in _SEPARATORS.split(text) if p.strip()]
    if not parts or re.search(r"\bexec\b|\btrap\b", text):
        return
    last = parts[-1].split()
    ours = [p for p in parts if _is_program(service, p.split())]
    name = posixpath.basename(shell)
    if len(parts) == 1 and not ours and last:
        yield from _script(facts, service, last[0], at, says)
    if not ours:
        return
    if len(parts) == 1 and name != "dash":
        return
    if len(parts) > 1 and name == "bash" and ours[-1] == parts[-1] and "|" not in text.replace("||", ""):
        return
    where = "dash" if name == "dash" else "a shell"
    yield Finding(
        f"{says} {where} that starts `{ours[-1][:60]}`: SIGTERM reaches the shell, not {service.name}",
        at,
        _program_place(service),
        "Use the exec form, or put `exec` in front of the program.",
        service=service.name,
        confidence=Confidence.CERTAIN if name == "dash" or "|" in text.replace("||", "") else None,
    )


def _script(facts: Repository, service: Service, word: str, at: Place, says: str, args: tuple[str, ...] = ()) -> Iterator[Finding]:
    script = next((s for s in facts.scripts if posixpath.basename(s.path) == posixpath.basename(word)), None)
    if script is None or not word or script.traps:
        return
    ours = [
        c
        for c in script.commands
        if (_is_program(service, c.words) or (_is_program(service, args) and c.words[:1] == ("$@",))) and not _asks(c)
    ]
    if not ours or any(c.replaced or c.words[:1] == ("exec",) for c in script.commands):
        return
    last = ours[-1]
    yield Finding(
        f"{says} {posixpath.basename(script.path)}, which runs `{last.text[:60]}` without exec: SIGTERM reaches the shell, "
        f"not {service.name}",
        at,
        (because(Place(script.path, last.line, last.column), "starts the program as a child of the shell"),),
        f"Start it with `exec {last.text[:60]}` in {_last_line(script, last)}.",
        service=service.name,
    )


def _last_line(script: Script, command: Command) -> str:
    return f"{script.path}:{command.line}"


def _asks(command: Command) -> bool:
    """Whether the program is only asked for something: its version, a migration."""
    return command.conditional or bool({"version", "--version", "-version", "migrate", "--help", "healthcheck"} & set(command.words[1:2]))


def _is_program(service: Service, words: list[str] | tuple[str, ...]) -> bool:
    rest = [w for w in words if "=" not in w.partition("/")[0]]
    while rest and posixpath.basename(rest[0]) in _STEPS:
        rest = rest[1:]
    if not rest:
        return False
    names = {posixpath.basename(b.output) for b in service.builds if b.output} | {posixpath.basename(service.main or ""), service.name}
    return posixpath.basename(rest[0].strip("\"'")) in names - {"", "."}


def _program_place(service: Service) -> tuple[Because, ...]:
    return tuple(because(b.at, f"builds {service.name}") for b in service.builds[:1])


_BUILD = "FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\n"
_TREE = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_COPY = "COPY --from=b /orders /\n"

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {
            **_TREE,
            "Dockerfile": f'{_BUILD}FROM alpine:3.22\n{_COPY}COPY start.sh /\n# want below\nENTRYPOINT ["/start.sh"]\nCMD ["/orders"]\n',
            "start.sh": '#!/bin/sh\nset -e\n/wait\n"$@"\n',
        },
        {**_TREE, "Dockerfile": f"{_BUILD}FROM debian:12\n{_COPY}# want below\nCMD /orders --port 80\n"},
        {**_TREE, "Dockerfile": f"{_BUILD}FROM alpine:3.22\n{_COPY}# want below\nCMD /migrate && /orders | tee /log\n"},
        {
            **_TREE,
            "Dockerfile": f'{_BUILD}FROM alpine:3.22\n{_COPY}COPY start.sh /\n# want below\nENTRYPOINT ["/start.sh"]\n',
            "start.sh": '#!/bin/sh\nset -e\n/orders migrate\n/orders "$@"\n',
        },
        {
            **_TREE,
            "Dockerfile": f"{_BUILD}FROM alpine:3.22\n{_COPY}COPY start.sh /\n# want below\nCMD /start.sh\n",
            "start.sh": "#!/bin/sh\n/orders &\nwait\n",
        },
        {
            **_TREE,
            "Dockerfile": f'{_BUILD}FROM alpine:3.22\n{_COPY}ENTRYPOINT ["/orders"]\n',
            "deploy/orders.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: orders\nspec:\n  template:\n    spec:\n"
            "      containers:\n        - name: orders\n          image: orders\n          # want below\n"
            '          command: ["sh", "-c", "sleep 5; /orders"]\n',
        },
    ),
    passes=(
        {**_TREE, "Dockerfile": f'{_BUILD}FROM debian:12\n{_COPY}CMD ["/orders"]\n'},
        {**_TREE, "Dockerfile": f"{_BUILD}FROM debian:12\n{_COPY}CMD exec /orders --port $PORT\n"},
        {**_TREE, "Dockerfile": f"{_BUILD}FROM alpine:3.22\n{_COPY}CMD /orders\n"},
        {**_TREE, "Dockerfile": f'{_BUILD}FROM fedora:42\n{_COPY}SHELL ["/bin/bash", "-c"]\nCMD /orders\n'},
        {
            **_TREE,
            "Dockerfile": f'{_BUILD}FROM alpine:3.22\n{_COPY}COPY start.sh /\nENTRYPOINT ["/start.sh"]\nCMD ["/orders"]\n',
            "start.sh": '#!/bin/sh\nset -e\nexec "$@"\n',
        },
        {
            **_TREE,
            "Dockerfile": f'{_BUILD}FROM alpine:3.22\n{_COPY}COPY start.sh /\nENTRYPOINT ["/start.sh"]\nCMD ["/migrate"]\n',
            "start.sh": '#!/bin/sh\n"$@"\n',
        },
        {
            **_TREE,
            "orders.service": "[Service]\nExecStart=/opt/start.sh\n",
            "start.sh": "#!/bin/sh\n/orders\n",
        },
        {
            **_TREE,
            "Dockerfile": f'{_BUILD}FROM alpine:3.22\n{_COPY}COPY start.sh /\nENTRYPOINT ["/start.sh"]\n',
            "start.sh": "#!/bin/sh\ntrap 'kill -TERM $pid' TERM\n/orders &\npid=$!\nwait $pid\n",
        },
    ),
)
