"""The folder is the registry: every rules/<chapter>/<rule>.py holds one rule, its id is the file name with hyphens."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from steadygo.rules.chapters import CHAPTERS
from steadygo.rules.rule import Rule

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Registered:
    """A rule with what its place in the tree says. `page` is its docstring: the user's explain page."""

    id: str
    chapter: str
    rule: Rule
    page: str

    @property
    def title(self) -> str:
        return self.page.strip().partition("\n")[0]


@cache
def names() -> dict[str, str]:
    """{rule id: chapter}, in the order of chapters, then alphabetically. Imports nothing."""
    found: dict[str, str] = {}
    for chapter in CHAPTERS:
        for file in sorted((_HERE / chapter).glob("*.py")):
            if not file.name.startswith("_"):
                found[file.stem.replace("_", "-")] = chapter
    return found


@cache
def load(rule_id: str) -> Registered:
    """The rule called `rule_id`. Raises KeyError when there is none."""
    chapter = names()[rule_id]
    module = importlib.import_module(f"steadygo.rules.{chapter}.{rule_id.replace('-', '_')}")
    return Registered(rule_id, chapter, module.RULE, inspect.cleandoc(module.__doc__ or ""))


def load_all() -> list[Registered]:
    """Every rule, in the order of `names()`."""
    return [load(rule_id) for rule_id in names()]
