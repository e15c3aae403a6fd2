"""What the verb shows of test data that is there."""

from __future__ import annotations

from typing import Literal

import msgspec


class Found(msgspec.Struct, frozen=True):
    """Something that steadygo made: `in use` has a live lease, `left` has none, `template` is kept to be copied again."""

    name: str
    state: Literal["in use", "left", "template"]
    where: str
    about: str = ""
