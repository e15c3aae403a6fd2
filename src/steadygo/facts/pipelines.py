"""CI workflows (GitHub Actions, GitLab CI), Makefiles, shell scripts, goreleaser and ko: what builds and ships."""

from __future__ import annotations

import msgspec

from steadygo.facts.commands import Command, Variable
from steadygo.facts.place import Amount, Gap, Text


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A step of a job. `uses` is the action ("actions/setup-go@v5"), `inputs` its `with`."""

    line: int
    name: str = ""
    uses: Text | None = None
    inputs: tuple[Variable, ...] = ()
    commands: tuple[Command, ...] = ()
    script: str = ""
    variables: tuple[Variable, ...] = ()
    timeout: Amount | None = None  # seconds
    condition: str = ""
    continue_on_error: bool = False


class Job(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`matrix` maps a key to its values (as text with places); `runs_on` are labels (GitLab: tags)."""

    name: str
    line: int
    runs_on: tuple[Text, ...] = ()
    container: Text | None = None  # image that the job runs in
    services: tuple[Text, ...] = ()  # images of service containers
    timeout: Amount | None = None  # seconds
    retries: Amount | None = None
    matrix: tuple[tuple[str, tuple[Text, ...]], ...] = ()
    variables: tuple[Variable, ...] = ()
    steps: tuple[Step, ...] = ()
    needs: tuple[str, ...] = ()
    condition: str = ""
    uses: Text | None = None  # reusable workflow
    permissions: tuple[Variable, ...] = ()
    environment: str = ""


class Pipeline(msgspec.Struct, frozen=True, array_like=True, tag="pipeline", gc=False):
    """kind: github gitlab action (a composite action: one job, its inputs in `inputs`)."""

    path: str
    kind: str
    name: str = ""
    triggers: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    inputs: tuple[Variable, ...] = ()
    jobs: tuple[Job, ...] = ()
    caches: tuple[tuple[Text, tuple[str, ...]], ...] = ()  # GitLab cache: (key, paths)
    gaps: tuple[Gap, ...] = ()


class Target(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Makefile target with its recipe, variables of the file folded in."""

    name: str
    line: int
    needs: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    phony: bool = False


class Makefile(msgspec.Struct, frozen=True, array_like=True, tag="makefile", gc=False):
    path: str
    variables: tuple[Variable, ...] = ()
    exported: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Script(msgspec.Struct, frozen=True, array_like=True, tag="script", gc=False):
    """A shell script."""

    path: str
    interpreter: str = "sh"
    commands: tuple[Command, ...] = ()
    variables: tuple[Variable, ...] = ()  # assignments and exports
    traps: tuple[Text, ...] = ()  # signals trapped
    gaps: tuple[Gap, ...] = ()


class ReleaseBuild(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One build of a goreleaser or ko configuration. Templates stay as written."""

    id: str
    line: int
    main: str = "."
    directory: str = "."
    binary: str = ""
    flags: tuple[Text, ...] = ()
    ldflags: tuple[Text, ...] = ()
    variables: tuple[Variable, ...] = ()
    targets: tuple[str, ...] = ()  # goos_goarch


class Release(msgspec.Struct, frozen=True, array_like=True, tag="release", gc=False):
    """kind: goreleaser ko. `dockerfiles` are (path, image templates)."""

    path: str
    kind: str
    builds: tuple[ReleaseBuild, ...] = ()
    dockerfiles: tuple[tuple[Text, tuple[str, ...]], ...] = ()
    base_image: Text | None = None
    gaps: tuple[Gap, ...] = ()
