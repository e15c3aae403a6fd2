"""Which program a container starts, seen through init programs and start scripts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from steadygo.facts.pipelines import Script
from steadygo.facts.repository import ShippedImage
from steadygo.facts.workloads import Container

_INITS = {"tini", "dumb-init", "catatonit", "su-exec", "gosu", "exec", "--", "-g", "-s", "-v"}
_SHELLS = {"sh", "bash", "ash", "dash"}


def start_words(image: ShippedImage) -> tuple[str, ...]:
    """The words a container of `image` starts with, init programs taken off: ENTRYPOINT and CMD of the final stage or those below it."""
    entrypoint = next((s.entrypoint for s in image.lineage() if s.entrypoint), None)
    command = next((s.command for s in image.lineage() if s.command), None)
    words = (*(entrypoint.words if entrypoint else ()), *(command.words if command and (not entrypoint or not entrypoint.shell) else ()))
    return _without_init(words)


def container_words(container: Container, image: ShippedImage | None) -> tuple[str, ...]:
    """The words `container` starts with: its own command and args laid over those of its image."""
    if container.command is not None:
        return _without_init((*container.command, *(container.args or ())))
    if image is None:
        return _without_init(container.args or ())
    if container.args is not None:
        entrypoint = next((s.entrypoint for s in image.lineage() if s.entrypoint), None)
        return _without_init((*(entrypoint.words if entrypoint else ()), *container.args))
    return start_words(image)


def programs(words: tuple[str, ...], scripts: Iterable[Script]) -> list[str]:
    """Base names of the programs that `words` start, in order: the script's own when they start a script."""
    if not words:
        return []
    found = []
    by_name = {posixpath.basename(s.path): s for s in scripts}
    candidates = words if posixpath.basename(words[0]) in _SHELLS else words[:1]
    for word in candidates:
        for part in word.split():
            name = posixpath.basename(part)
            found.append(name)
            if name in by_name:
                found += [posixpath.basename(c.words[0]) for c in by_name[name].commands if c.words]
    return found


def _without_init(words: tuple[str, ...]) -> tuple[str, ...]:
    skip = 0
    while skip < len(words) and posixpath.basename(words[skip]) in _INITS:
        skip += 1
    return tuple(words[skip:])
