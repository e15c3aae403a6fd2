"""Which stages of a Dockerfile become images, and which other stages each is made from."""

from __future__ import annotations

from steadygo.facts.images import Image, Stage


def feeding(image: Image, index: int) -> list[int]:
    """The stage and every stage it builds on or copies from, nearest first."""
    names = {s.name.lower(): n for n, s in enumerate(image.stages) if s.name}
    order: list[int] = []
    pending = [index]
    while pending:
        number = pending.pop(0)
        if number in order:
            continue
        order.append(number)
        stage: Stage = image.stages[number]
        if stage.parent is not None:
            pending.append(stage.parent)
        for copy in stage.copies:
            origin = copy.origin.lower()
            if origin in names:
                pending.append(names[origin])
            elif origin.isdigit() and int(origin) < len(image.stages):
                pending.append(int(origin))
    return order


def shipped(image: Image) -> list[int]:
    """The last stage, then each named stage (last first) that starts something and that no other stage is made from: a --target."""
    last = len(image.stages) - 1
    used = {n for index in range(last + 1) for n in feeding(image, index)[1:]}
    return [
        last,
        *(
            index
            for index in range(last - 1, -1, -1)
            if index not in used and (s := image.stages[index]).name and (s.entrypoint is not None or s.command is not None)
        ),
    ]
