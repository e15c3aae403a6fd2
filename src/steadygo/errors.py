"""What can go wrong, and whose turn it is.

SteadygoError
└── UserError        the input or the set-up is wrong: one sentence, what to do, exit code 2
    ├── BadSettings  steadygo.toml, a baseline or a suppression cannot be used
    └── ToolMissing  a program that was asked for is not installed

Everything else that reaches the top is our bug (exit code 3).
"""

from __future__ import annotations


class SteadygoError(Exception):
    """Base of all errors that steadygo raises on purpose."""


class UserError(SteadygoError):
    """Something the user can mend. `message` says what is wrong, `remedy` what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class BadSettings(UserError):
    """steadygo.toml, a baseline or a suppression cannot be used as written."""


class ToolMissing(UserError):
    """A program that was asked for is not installed."""
