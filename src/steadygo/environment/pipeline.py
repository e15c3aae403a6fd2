"""What a job of a CI workflow sets up: Go, its variables, the machine under it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steadygo.environment import distributions, gosettings
from steadygo.environment.fingerprint import Stated
from steadygo.errors import UserError
from steadygo.facts import goversions
from steadygo.facts.commands import Variable
from steadygo.facts.pipelines import Job, Pipeline, Step, expand
from steadygo.facts.repository import Repository

_BUILDING = ("build", "install", "test", "run", "vet")
_GITHUB = {"CI": "true", "GITHUB_ACTIONS": "true"}
_GITLAB = {"CI": "true", "GITLAB_CI": "true"}


def choose(pipeline: Pipeline, wanted: str, used: Iterable[tuple[Job, goversions.Used]]) -> Job:
    """The job named `wanted`; without a name the one that builds with Go, else tests, else sets Go up."""
    if wanted:
        for job in pipeline.jobs:
            if job.name == wanted:
                return job
        raise UserError(f"{pipeline.path} has no job {wanted!r}.", f"Its jobs: {', '.join(j.name for j in pipeline.jobs)}.")
    for verbs in (("build", "install"), _BUILDING):
        for job in pipeline.jobs:
            if find_step(job, verbs):
                return job
    for job, _ in used:
        return job
    raise UserError(f"{pipeline.path} has no job that uses Go.", f"Name one: ci:{pipeline.path}#JOB.")


def find_step(job: Job, verbs: tuple[str, ...]) -> Step | None:
    """The first step that runs `go VERB`."""
    for step in job.steps:
        for command in step.commands:
            if len(command.words) > 1 and command.words[0].rpartition("/")[2] == "go" and command.words[1] in verbs:
                return step
    return None


def capture(repository: Repository, pipeline: Pipeline, wanted: str = "") -> Iterator[Stated]:
    """go.version, go.env.*, env.*, os.*, libc.*, kernel.arch of one job. Values that only a run decides are None."""
    used = list(goversions.in_pipeline(repository, pipeline))
    job = choose(pipeline, wanted, used)
    place = f"{pipeline.path}:{job.line}"
    yield Stated("ci.job", job.name, place)
    yield from _machine(pipeline, job)
    yield from _go([u for j, u in used if j is job], pipeline)
    step = find_step(job, ("build", "install")) or find_step(job, _BUILDING)
    preset = _GITLAB if pipeline.kind == "gitlab" else _GITHUB
    for name, value in preset.items():
        yield Stated(f"env.{name}", value, f"set by {'GitLab' if pipeline.kind == 'gitlab' else 'GitHub'}")
    inline = next((c.variables for c in step.commands if c.words[:1] == ("go",) and c.variables), ()) if step else ()
    given = [*pipeline.variables, *job.variables, *(step.variables if step else ())]
    for variable in given:
        yield from _variable(variable, pipeline)
    for name, value in inline:
        yield from _named(name, None if "$" in value else value, f"{pipeline.path}:{step.line if step else job.line}")


def _machine(pipeline: Pipeline, job: Job) -> Iterator[Stated]:
    labels = [t.value for label in job.runs_on for t in expand(job, label, pipeline)]
    if job.container is not None:
        yield Stated("ci.container", job.container.value, f"{pipeline.path}:{job.container.line}")
        yield from distributions.of_image(job.container.value)
    elif len(set(labels)) == 1:
        yield from distributions.of_runner(labels[0])
    elif labels:
        yield Stated("os.id", None, f"one of {', '.join(dict.fromkeys(labels))} (matrix or labels)")


def _go(used: list[goversions.Used], pipeline: Pipeline) -> Iterator[Stated]:
    versions = {_version(u): u for u in used if u.version}
    if len(versions) == 1:
        ((version, one),) = versions.items()
        follows = f", follows {one.follows}" if one.follows else ""
        place = f"{one.text} in {one.at.path}:{one.at.line}{follows}"
        yield Stated("go.version", version, place)
        yield Stated("go.selected", version, place)
    elif versions:
        yield Stated("go.version", None, f"one of {', '.join(sorted(versions))} (matrix)")
    if used and all(u.local for u in used):
        yield Stated("go.env.GOTOOLCHAIN", "local", "set by setup-go from v6 on, and in the official images")


def _version(used: goversions.Used) -> str:
    """ "go1.26.3", or "go1.26" for whichever patch is newest: a range (^1.26.0, ~1.26.0, >=1.26) does not pin its patch."""
    assert used.version
    major, minor, patch = used.version
    return f"go{goversions.shown((major, minor, -1 if used.text.lstrip().startswith(('^', '~', '>')) else patch))}"


def _variable(variable: Variable, pipeline: Pipeline) -> Iterator[Stated]:
    value = None if variable.source or variable.value is None or "${{" in variable.value else variable.value
    yield from _named(variable.name, value, f"{pipeline.path}:{variable.line}" + (f", {variable.source}" if variable.source else ""))


def _named(name: str, value: str | None, place: str) -> Iterator[Stated]:
    yield Stated(f"env.{name}", value, place)
    if name in gosettings.NAMES:
        yield Stated(f"go.env.{name}", value, place)
