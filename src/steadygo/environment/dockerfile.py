"""What a Dockerfile promises about the image that it builds, before it is built: base, variables, user, Go of the build."""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.environment import distributions
from steadygo.environment.fingerprint import Stated
from steadygo.errors import UserError
from steadygo.facts import goversions
from steadygo.facts.images import Image, Stage


def capture(image: Image, wanted: str = "") -> Iterator[Stated]:
    """env.*, os.*, libc.*, process.user, image.*, go.version of the stage named `wanted`, or of the last. What ARG decides is None."""
    if not image.stages:
        raise UserError(f"{image.path} has no FROM.", "Give a Dockerfile.")
    stage = next((s for s in image.stages if s.name == wanted), None) if wanted else image.stages[-1]
    if stage is None:
        raise UserError(f"{image.path} has no stage {wanted!r}.", f"Its stages: {', '.join(s.name for s in image.stages if s.name)}.")
    chain = _chain(image, stage)
    base = chain[0]
    place = f"{image.path}:{base.line}"
    if "$" in base.base:
        yield Stated("libc.name", None, f"{base.base} in {place} is decided when it is built")
    else:
        for stated in distributions.of_image(base.base):
            yield Stated(stated.key, stated.value, f"{stated.origin}, {place}")
    for one in chain:
        for variable in one.variables:
            known = variable.value is not None and not variable.source and "$" not in variable.value
            yield Stated(f"env.{variable.name}", variable.value if known else None, f"ENV in {image.path}:{variable.line}")
        if one.user:
            name = one.user.value.partition(":")[0]
            number = "0" if name == "root" else name
            yield Stated("process.user", number if number.isdecimal() else None, f"USER {one.user.value} in {image.path}:{one.user.line}")
        for key, start in (("entrypoint", one.entrypoint), ("command", one.command)):
            if start:
                yield Stated(f"image.{key}", " ".join(start.words), f"{image.path}:{start.line}")
    yield from _go(image)


def _chain(image: Image, stage: Stage) -> list[Stage]:
    """The stage and those it is built on, the one with the outside base first."""
    chain = [stage]
    while chain[0].parent is not None and len(chain) <= len(image.stages):
        chain.insert(0, image.stages[chain[0].parent])
    return chain


def _go(image: Image) -> Iterator[Stated]:
    used = [u for u in (goversions.in_stage(image, s) for s in image.stages) if u and u.version]
    versions = {f"go{goversions.shown(u.version)}": u for u in used if u.version}
    if len(versions) == 1:
        ((version, one),) = versions.items()
        yield Stated("go.version", version, f"{one.text} in {one.at.path}:{one.at.line}")
        yield Stated("go.selected", version, f"{one.text} in {one.at.path}:{one.at.line}")
        if one.local:
            yield Stated("go.env.GOTOOLCHAIN", "local", "set in the official images")
    elif versions:
        yield Stated("go.version", None, f"one of {', '.join(sorted(versions))}, by stage")
