"""Dockerfiles and Containerfiles."""

from __future__ import annotations

import dataclasses
import posixpath
import re

import msgspec

from steadygo.facts.commands import Command, Variable
from steadygo.facts.images import Copy, Healthcheck, Image, Stage, Start
from steadygo.facts.place import Gap, Text
from steadygo.read import shell
from steadygo.read.dockerfile_lines import Instruction, instructions
from steadygo.read.dockerfile_words import arguments, environment, evaluate, joined, json_words, ports, start_of, texts
from steadygo.read.plain_commands import plain_commands
from steadygo.read.quantities import duration

_NOT_POSIX = re.compile(r"(?:powershell|pwsh|cmd)(?:\.exe)?\Z", re.IGNORECASE)
_WINDOWS = re.compile(r"nanoserver|windowsservercore|windows/server", re.IGNORECASE)
_GO_IMAGE = re.compile(r"(?:^|/)golang(?:[:@]|\Z)")
_SILENT = frozenset({"LABEL", "MAINTAINER"})
_MOST_GAPS = 50
_MOST_ORIGINS = 100
_MOST_PORTS = 200


def read(path: str, data: bytes) -> Image:
    """The stages of a Dockerfile. ARG defaults are folded in; what is no instruction becomes a gap."""
    found, gaps = instructions(data.decode("utf-8", "replace"))
    return _Reader(gaps).image(path, found)


class _Draft:
    """A stage being read. `known` are the values that RUN, COPY and the like see."""

    def __init__(self, base: str, base_text: str, line: int, name: str, platform: str, parent: int | None) -> None:
        self.base, self.base_text, self.line, self.name, self.platform, self.parent = base, base_text, line, name, platform, parent
        self.arguments: list[Variable] = []
        self.variables: list[Variable] = []
        self.commands: list[Command] = []
        self.copies: list[Copy] = []
        self.entrypoint: Start | None = None
        self.command: Start | None = None
        self.healthcheck: Healthcheck | None = None
        self.ports: list[Text] = []
        self.volumes: list[Text] = []
        self.user: Text | None = None
        self.workdir: Text | None = None
        self.stop_signal: Text | None = None
        self.shell: tuple[str, ...] = ()
        self.mounts: list[Text] = []
        self.defaults: dict[str, str] = {}
        self.environment = {"GOPATH": "/go"} if _GO_IMAGE.search(base) else {}
        self.directory = ""
        self.origins: list[tuple[str, str]] = []  # (directory in the image, directory of the build context copied there)
        self.posix = _WINDOWS.search(base) is None

    @property
    def known(self) -> dict[str, str]:
        return {**self.defaults, **self.environment}

    def inherit(self, parent: _Draft) -> None:
        self.environment = dict(parent.environment)
        self.directory, self.posix = parent.directory, parent.posix
        self.origins = list(parent.origins)

    def absolute(self, directory: str) -> str:
        return joined(joined("/", self.directory), directory)

    def context_of(self, directory: str) -> str | None:
        """The directory of the build context that an absolute `directory` was copied from; None when it was not."""
        best: tuple[int, str] | None = None
        for target, source in self.origins:
            prefix = target.rstrip("/") + "/"
            if f"{directory}/".startswith(prefix) and (best is None or len(prefix) >= best[0]):
                best = (len(prefix), posixpath.normpath(posixpath.join(source, f"{directory}/"[len(prefix) :])))
        return best[1] if best else None

    def stage(self) -> Stage:
        return Stage(
            base=self.base,
            base_text=self.base_text,
            line=self.line,
            name=self.name,
            parent=self.parent,
            platform=self.platform,
            arguments=tuple(self.arguments),
            variables=tuple(self.variables),
            commands=tuple(self.commands),
            copies=tuple(self.copies),
            entrypoint=self.entrypoint,
            command=self.command,
            healthcheck=self.healthcheck,
            ports=tuple(self.ports),
            volumes=tuple(self.volumes),
            user=self.user,
            workdir=self.workdir,
            stop_signal=self.stop_signal,
            shell=self.shell,
            mounts=tuple(self.mounts),
        )


class _Reader:
    def __init__(self, gaps: list[Gap]) -> None:
        self.gaps = gaps
        self.globals: dict[str, str] = {}
        self.arguments: list[Variable] = []
        self.stages: list[_Draft] = []

    def image(self, path: str, found: list[Instruction]) -> Image:
        for instruction in found:
            self._take(instruction)
        if not self.stages:
            self.gaps.append(Gap(1, "no FROM: this is no complete Dockerfile"))
        return Image(path, tuple(self.arguments), tuple(draft.stage() for draft in self.stages), tuple(self.gaps[:_MOST_GAPS]))

    def _take(self, at: Instruction) -> None:
        keyword = at.keyword
        if keyword in _SILENT:
            return
        if keyword == "FROM":
            self._from(at)
            return
        if not at.joined:
            self.gaps.append(Gap(at.line, f"{keyword} without anything"))
            return
        if keyword == "ARG" and not self.stages:
            for variable in arguments(at, self.globals, {}):
                self.arguments.append(variable)
                if variable.value is not None:
                    self.globals[variable.name] = variable.value
            return
        if not self.stages:
            self.gaps.append(Gap(at.line, f"{keyword[:40]} before the first FROM"))
            return
        self._in_stage(self.stages[-1], at)

    def _from(self, at: Instruction) -> None:
        words = [word for word, _ in at.words()]
        if not words:
            self.gaps.append(Gap(at.line, "FROM without an image"))
            words = [""]
        base = evaluate(words[0], self.globals)
        name = evaluate(words[2], self.globals) if len(words) >= 3 and words[1].lower() == "as" else ""
        if len(words) not in (1, 3) or (len(words) == 3 and not name):
            self.gaps.append(Gap(at.line, f"FROM is not understood: {at.joined[:60]}"))
        parent = self._stage_called(base)
        draft = _Draft(base, words[0], at.line, name, evaluate(at.flag("platform"), self.globals), parent)
        if parent is not None:
            draft.inherit(self.stages[parent])
        self.stages.append(draft)

    def _stage_called(self, name: str) -> int | None:
        wanted = name.lower()
        return next((i for i in reversed(range(len(self.stages))) if wanted and self.stages[i].name.lower() == wanted), None)

    def _in_stage(self, stage: _Draft, at: Instruction) -> None:
        keyword = at.keyword
        if keyword == "ARG":
            for variable in arguments(at, stage.known, self.globals):
                stage.arguments.append(variable)
                if variable.value is not None:
                    stage.defaults[variable.name] = variable.value
        elif keyword == "ENV":
            found = environment(at, stage.known)
            stage.variables += found
            stage.environment |= {v.name: v.value for v in found if v.value is not None}
        elif keyword == "RUN":
            self._run(stage, at)
        elif keyword in ("COPY", "ADD"):
            self._copy(stage, at)
        elif keyword in ("CMD", "ENTRYPOINT"):
            start = start_of(at, stage.environment)
            if keyword == "CMD":
                stage.command = start
            else:
                stage.entrypoint = start
        elif keyword == "HEALTHCHECK":
            stage.healthcheck = self._healthcheck(stage, at)
        elif keyword == "EXPOSE":
            for text in texts(at, stage.known):
                stage.ports += ports(text)[: _MOST_PORTS - len(stage.ports)]
        elif keyword == "VOLUME":
            stage.volumes += texts(at, stage.known)
        elif keyword == "SHELL":
            stage.shell = tuple(json_words(at.joined) or ())
            stage.posix = not stage.shell or _NOT_POSIX.search(stage.shell[0]) is None
        elif keyword in ("USER", "WORKDIR", "STOPSIGNAL"):
            self._setting(stage, at)
        else:
            self.gaps.append(Gap(at.line, f"unknown instruction {keyword[:40]}"))

    def _setting(self, stage: _Draft, at: Instruction) -> None:
        offset = len(at.text) - len(at.text.lstrip())
        text = Text(evaluate(at.joined, stage.known), *at.place(offset))
        if at.keyword == "USER":
            stage.user = text
        elif at.keyword == "STOPSIGNAL":
            stage.stop_signal = text
        else:
            stage.directory = joined(stage.directory, text.value) if stage.posix else text.value
            stage.workdir = Text(stage.directory, text.line, text.column)

    def _run(self, stage: _Draft, at: Instruction) -> None:
        known = stage.known
        stage.mounts += [Text(evaluate(value, known), *at.place(offset)) for name, value, offset in at.flags if name == "mount"]
        words = json_words(at.joined)
        if words is not None and words:
            line, column = at.place(len(at.text) - len(at.text.lstrip()))
            parsed = shell.exec_form(words, line, column, known)
        elif not stage.posix:
            parsed = shell.Parsed(plain_commands(at.shell_text, at.line))
        elif at.heredocs and at.joined.lstrip("0123456789").startswith("<<") and len(at.words()) == 1:
            body = at.heredocs[0]
            if body.body.startswith("#!") and not re.match(r"#!.*\b(ba|da|a|z|k)?sh\b", body.body):
                return
            parsed = shell.commands(body.body, body.line, 1, known)
        else:
            parsed = shell.commands(_heredoc_behind(at), at.line, 1, known)
        self.gaps += parsed.gaps
        bound = [(stage.absolute(_bound_to(value)), "") for name, value, _ in at.flags if name == "mount" and _binds_context(value)]
        stage.origins += bound
        stage.commands += (_placed(command, stage) for command in parsed.commands)
        del stage.origins[len(stage.origins) - len(bound) :]

    def _copy(self, stage: _Draft, at: Instruction) -> None:
        known = stage.known
        given = json_words(at.joined)
        words = given if given is not None else [evaluate(word, known) for word, _ in at.words()]
        if len(words) < 2:
            self.gaps.append(Gap(at.line, f"{at.keyword} without a target"))
            return
        origin = evaluate(at.flag("from"), known)
        index = self._stage_called(origin)
        if index is None and origin.isascii() and origin.isdigit() and int(origin[:6]) < len(self.stages):
            index = int(origin[:6])
        if index is not None:
            origin = self.stages[index].name or str(index)
        target = words[-1]
        if stage.posix and not target.startswith("$"):
            if not origin or index is not None:
                self._remember(stage, words[:-1], target, self.stages[index] if index is not None else None)
            if stage.directory and not target.startswith("/"):
                full = joined(stage.directory, target)
                target = full.rstrip("/") + "/" if target.endswith(("/", ".")) else full
        stage.copies.append(Copy(tuple(words[:-1]), target, at.line, origin, at.keyword == "ADD"))

    def _remember(self, stage: _Draft, sources: list[str], target: str, other: _Draft | None) -> None:
        """Note where the directory that a COPY fills came from; files speak for the directory that they stood in."""
        into = stage.absolute(target)
        for source in sources[:20]:
            if other is not None:
                folder = other.absolute(source)
                if folder == other.absolute("") or any(folder == there for there, _ in other.origins):
                    stage.origins += [(into, context) for context in [other.context_of(folder)] if context is not None]
                continue
            context = posixpath.normpath(source.lstrip("/") or ".")
            head, _, last = context.rpartition("/")
            if "." in last.strip("."):
                named = not target.endswith("/") and target not in (".", "..") and len(sources) == 1
                stage.origins.append((posixpath.dirname(into) if named else into, head))
                continue
            parent = posixpath.dirname(into)
            if last == posixpath.basename(into) and last.strip(".") and parent != "/" and stage.context_of(parent) is None:
                stage.origins.append((parent, head))
            stage.origins.append((into, context))
        del stage.origins[:-_MOST_ORIGINS]

    def _healthcheck(self, stage: _Draft, at: Instruction) -> Healthcheck | None:
        words = at.words()
        kind = words[0][0].upper()
        if kind == "NONE":
            return Healthcheck((), False, at.line)
        if kind != "CMD":
            self.gaps.append(Gap(at.line, f"HEALTHCHECK is not understood: {at.joined[:60]}"))
            return None
        offset = words[0][1] + 3
        start = start_of(dataclasses.replace(at, text=re.sub(r"[^\n]", " ", at.text[:offset]) + at.text[offset:]), stage.environment)
        retries = at.flag("retries")
        return Healthcheck(
            start.words,
            start.shell,
            at.line,
            interval=_time(at.flag("interval"), 30.0),
            timeout=_time(at.flag("timeout"), 30.0),
            start_period=_time(at.flag("start-period"), 0.0),
            retries=int(retries) if retries.isascii() and retries.isdigit() and len(retries) < 9 else 3,
        )


def _heredoc_behind(at: Instruction) -> str:
    """The shell's text with `<<EOF cmd` written as `cmd <<EOF`, which is the same to the shell and known to its grammar."""
    if not at.heredocs or not at.joined.startswith("<<"):
        return at.shell_text
    mark, offset = at.words()[0]
    return f"{at.text[:offset]}{' ' * len(mark)}{at.text[offset + len(mark) :]} {mark}{at.shell_text[len(at.text) :]}"


def _binds_context(mount: str) -> bool:
    """Whether `--mount=` shows the build context: type bind (the default), from no other stage."""
    options = mount.split(",")
    return "type=" not in mount.replace("type=bind", "") and not any(option.startswith("from=") for option in options)


def _bound_to(mount: str) -> str:
    pairs = (option.partition("=") for option in mount.split(","))
    return next((value for name, _, value in pairs if name in ("target", "dst", "destination")), ".")


def _placed(command: Command, stage: _Draft) -> Command:
    """`command` with its directory seen from the build context, or absolute in the image when it was not copied from there."""
    if not stage.posix or command.directory.startswith(("$", "~", "`")):
        return command
    absolute = stage.absolute(command.directory)
    context = stage.context_of(absolute)
    directory = absolute if context is None else context
    directory = "" if directory in (".", "/") else directory
    return command if directory == command.directory else msgspec.structs.replace(command, directory=directory)


def _time(text: str, default: float) -> float:
    found = duration(text) if text else None
    return default if found is None else found
