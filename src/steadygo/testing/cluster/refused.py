"""What a worker answers when it will not do what it was asked."""

from __future__ import annotations

from steadygo.errors import SteadygoError


class Refused(SteadygoError):
    """One sentence: what arrived, and why nothing was done with it. Survives pickling."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
