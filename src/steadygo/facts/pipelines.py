"""CI workflows (GitHub Actions, GitLab CI), Makefiles, shell scripts, goreleaser and ko: what builds and ships."""

from __future__ import annotations

import re
from itertools import islice, product

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
    """`matrix` maps a key to its values (as text with places); `runs_on` are labels (GitLab: tags).

    A timeout of 0 seconds is one that an expression gives. A secret's variable has no value and the source `secret:NAME`; another
    expression stays as the value with the source `expression`. `condition`: GitLab's rules, only and except are joined by newlines.
    """

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
    stage: str = ""  # GitLab
    caches: tuple[tuple[Text, tuple[str, ...]], ...] = ()  # GitLab, as in Pipeline, inherited ones too


class Pipeline(msgspec.Struct, frozen=True, array_like=True, tag="pipeline", gc=False):
    """kind: github gitlab action (a composite action: one job, its inputs in `inputs`)."""

    path: str
    kind: str
    name: str = ""
    triggers: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    inputs: tuple[Variable, ...] = ()
    jobs: tuple[Job, ...] = ()
    caches: tuple[tuple[Text, tuple[str, ...]], ...] = ()  # GitLab cache: (key, paths); a key of files is "files: a, b"
    gaps: tuple[Gap, ...] = ()
    stages: tuple[str, ...] = ()  # GitLab


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


_MOST_EXPANDED = 64
_REFERENCE = re.compile(r"""\$\{\{\s*(matrix|env|inputs)(?:\.([\w.-]+)|\[["']([\w.-]+)["']\])\s*\}\}""")


def expand(job: Job, text: Text, pipeline: Pipeline | None = None) -> tuple[Text, ...]:
    """Every text that `text` can be in `job`: `${{ matrix.K }}`, and `env.K` and `inputs.K` where they are known, put in.

    A text that is only one reference takes the place of the value. What is not known stays as written; at most 64 texts.
    """
    if "${{" not in text.value:
        return (text,)
    choices: dict[str, tuple[Text, ...]] = {}
    for found in _REFERENCE.finditer(text.value):
        known = _choices(job, pipeline, found.group(1), found.group(2) or found.group(3))
        if known:
            choices[found.group()] = known
    if not choices:
        return (text,)
    expanded: dict[str, Text] = {}
    for chosen in islice(product(*choices.values()), _MOST_EXPANDED):
        value = text.value
        for written, choice in zip(choices, chosen, strict=True):
            value = value.replace(written, choice.value)
        place = chosen[0] if text.value.strip() in choices else text
        expanded.setdefault(value, Text(value, place.line, place.column))
    return tuple(expanded.values())


def _choices(job: Job, pipeline: Pipeline | None, kind: str, name: str) -> tuple[Text, ...]:
    if kind == "matrix":
        return next((values for key, values in job.matrix if key == name), ())
    known: tuple[Variable, ...] = ()
    if kind == "env":
        known = (*(pipeline.variables if pipeline is not None else ()), *job.variables)
    elif pipeline is not None:
        known = pipeline.inputs
    found = next((v for v in reversed(known) if v.name == name and v.value is not None), None)
    return (Text(found.value or "", found.line, found.column),) if found is not None else ()
