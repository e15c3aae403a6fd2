"""What the jobs of a pipeline really run: commands behind make and scripts, go commands and test runners among them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from steadygo.facts import gocommand
from steadygo.facts.commands import Command
from steadygo.facts.compilations import Setting, builders_of, step_settings
from steadygo.facts.gocommand import GoCommand
from steadygo.facts.pipelines import Job, Pipeline, Step
from steadygo.facts.repository import Repository
from steadygo.findings import Place

_RUNNERS = ("gotestsum", "ginkgo", "richgo", "gotest", "courtney", "rtest")
_BEFORE = {"go", "run", "tool", "sudo", "time", "env", "retry", "exec"}
_RETRIED = re.compile(r"\b(?:go test|gotestsum|ginkgo)\b")
_OPAQUE = {
    "task", "just", "mage", "bazel", "bazelisk", "dagger", "earthly", "nix", "nix-build", "tilt", "skaffold", "docker", "docker-compose",
    "podman", "npm", "yarn", "pnpm", "python", "python3", "node", "invoke", "please", "pants", "buck2", "ninja", "act", "gradle", "mvn",
    "devbox", "hatch", "poetry", "bundle", "rake", "ko", "buildctl", "promu", "make", "nix-shell", "devcontainer", "mise", "magefile",
}  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """A command that a job runs. `at` is where it stands (perhaps in a Makefile), `outer` the step's line that leads there.

    `go` is None for other programs; a test runner (gotestsum, ginkgo) counts as `go test` with its arguments behind `--`.
    """

    pipeline: Pipeline
    job: Job
    step: Step
    at: Place
    outer: Place
    command: Command
    go: GoCommand | None
    bases: tuple[str, ...]
    settings: dict[str, Setting] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        return self.go.verb if self.go else ""

    def flag(self, name: str) -> str | None:
        """A flag of the command, else of GOFLAGS."""
        found = self.go.flag(name) if self.go else None
        flags = (self.settings.get("GOFLAGS") or Setting("", self.at)).value or ""
        for word in flags.split() if found is None else ():
            flag, _, value = word.lstrip("-").partition("=")
            if flag == name:
                found = value or "true"
        return found

    @property
    def unclear(self) -> bool:
        """Whether some flags are not known: they come from a variable."""
        flags = self.settings.get("GOFLAGS")
        if flags is not None and (flags.value is None or "$" in flags.value):
            return True
        return any(
            re.match(r"[$`]", w) and not re.match(r"\$[({]?(shell )?(go list|PKG|PACKAGE|TEST_?PKG)", w) for w in self.command.words[1:]
        )


def ran(repository: Repository) -> list[Ran]:
    """Every command of every job of the pipelines, make targets and scripts of this repository taken apart."""
    known = repository.go.memo.get("jobs.ran")
    if not isinstance(known, list):
        known = repository.go.memo["jobs.ran"] = _ran(repository)
    return known


def _ran(repository: Repository) -> list[Ran]:
    builders = builders_of(repository)
    modules = tuple(sorted({m.directory for m in repository.modules}))
    actions = {posixpath.dirname(p.path): p for p in repository.pipelines if p.kind == "action"}
    found: list[Ran] = []

    def take(pipeline: Pipeline, job: Job, step: Step, held: Pipeline, inner: Step, depth: int) -> None:
        settings = step_settings(pipeline, job, inner.variables)
        for command in inner.commands:
            outer = Place(held.path, command.line, command.column)
            for path, real, bases in builders.behind(held.path, command, (command.directory and "", "", *modules)):
                go = gocommand.parse(real) or _runner(real)
                given = (*command.variables, *real.variables)
                own = {**settings, **{n: Setting(v, Place(path, real.line)) for n, v in given}} if given else settings
                found.append(Ran(pipeline, job, step, Place(path, real.line, real.column), outer, real, go, bases, own))
        if inner.uses is not None and inner.uses.value.startswith("./") and depth < 3:
            action = actions.get(posixpath.normpath(inner.uses.value))
            for inside in action.jobs if action else ():
                for each in inside.steps:
                    take(pipeline, job, step, action or held, each, depth + 1)

    for pipeline in repository.pipelines:
        for job in pipeline.jobs if pipeline.kind != "action" else ():
            for step in job.steps:
                take(pipeline, job, step, pipeline, step, 0)
    return found


def _runner(command: Command) -> GoCommand | None:
    """gotestsum and its like as `go test`; `retry CMD` and `xvfb-run CMD` are taken off by gocommand."""
    for index, word in enumerate(command.words[:4]):
        if not (index == 0 or command.words[index - 1] in _BEFORE or "=" in command.words[index - 1]):
            break
        if posixpath.basename(word).partition("@")[0] in _RUNNERS:
            rest = command.words[index + 1 :]
            rest = rest[rest.index("--") + 1 :] if "--" in rest else rest if posixpath.basename(word) != "gotestsum" else ()
            return gocommand.parse(
                Command(("go", "test", *rest), command.line, command.column, command.variables, directory=command.directory)
            )
    return None


def opaque(each: Ran) -> bool:
    """Whether what this command runs cannot be seen: a task runner, a container build, a program that is not here."""
    if each.go is not None:
        return each.go.verb in ("run", "tool") and not any("@" in p for p in each.go.packages)
    if not each.command.words:
        return False
    word = each.command.words[0]
    program = posixpath.basename(word)
    return program in _OPAQUE or word.startswith(("./", "$", "../", "scripts/", "hack/", "build/")) or program.endswith((".sh", ".py"))


def tests_by_text(step: Step) -> bool:
    """Whether an input of an action holds a test command (a retry action's `command`)."""
    return any(_RETRIED.search(v.value or "") for v in step.inputs)


def self_hosted(job: Job) -> bool:
    return any(label.value == "self-hosted" for label in job.runs_on)
