"""Dockerfiles and Containerfiles."""

from __future__ import annotations

import msgspec

from steadygo.facts.commands import Command, Variable
from steadygo.facts.place import Gap, Text


class Copy(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """COPY or ADD. `origin` is the stage (by name, by number when it has none) or image of --from, "" for the build context.

    `target` has the WORKDIR in front when that is known; it ends in `/` when it is a directory. A heredoc's source is `<<NAME`.
    """

    sources: tuple[str, ...]
    target: str
    line: int
    origin: str = ""
    add: bool = False


class Start(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """CMD or ENTRYPOINT. In shell form `words` is what the shell gets, split by the shell's rules."""

    words: tuple[str, ...]
    shell: bool
    line: int
    column: int = 1


class Healthcheck(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """HEALTHCHECK. Times in seconds, Docker's defaults where the file says nothing."""

    words: tuple[str, ...]  # empty for NONE
    shell: bool
    line: int
    interval: float = 30.0
    timeout: float = 30.0
    start_period: float = 0.0
    retries: int = 3


class Stage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One FROM. `base` has ARG defaults folded in; `base_text` is as written. `parent` is the index of the stage it builds on."""

    base: str
    base_text: str
    line: int
    name: str = ""
    parent: int | None = None
    platform: str = ""
    arguments: tuple[Variable, ...] = ()  # ARG in this stage, globals it redeclares with their default
    variables: tuple[Variable, ...] = ()  # ENV
    commands: tuple[Command, ...] = ()  # RUN, heredocs included
    copies: tuple[Copy, ...] = ()
    entrypoint: Start | None = None
    command: Start | None = None
    healthcheck: Healthcheck | None = None
    ports: tuple[Text, ...] = ()  # EXPOSE: "8080" (TCP), "53/udp"; ranges one by one
    volumes: tuple[Text, ...] = ()
    user: Text | None = None
    workdir: Text | None = None
    stop_signal: Text | None = None
    shell: tuple[str, ...] = ()
    mounts: tuple[Text, ...] = ()  # RUN --mount=… texts


class Image(msgspec.Struct, frozen=True, array_like=True, tag="image", gc=False):
    """A Dockerfile. The last stage is what ships unless a build names another target."""

    path: str
    arguments: tuple[Variable, ...] = ()  # ARG before the first FROM
    stages: tuple[Stage, ...] = ()
    gaps: tuple[Gap, ...] = ()
