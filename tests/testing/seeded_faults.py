"""Small Go modules with a fault in each, the right answer about it, and a healthy twin: faults/<name>/{faulty,healthy}."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent / "faults"
_MARK = re.compile(r"[ \t]*// FAULT$", re.MULTILINE)
_OPEN_ANSWERS = ("polluters", "cleaners")


@dataclass(frozen=True)
class Fault:
    """One seed. `accept`: right answers; `environment` and `home` (files below HOME) are part of what makes it fail or pass."""

    name: str
    test: str
    accept: tuple[Mapping[str, Any], ...]
    environment: Mapping[str, str]
    home: Mapping[str, str]
    needs: str

    @property
    def package(self) -> str:
        """The package of the test as a pattern of go."""
        return "./" + next(p for p in (ROOT / self.name / "faulty").rglob("*_test.go") if f"func {self.test}(" in p.read_text()).parent.name

    def files(self, kind: str) -> dict[str, str]:
        """{path: text} of the faulty module, or of its healthy twin; without go.mod when it has none of its own."""
        found = _texts(ROOT / self.name / "faulty")
        return found if kind == "faulty" else {**found, **_texts(ROOT / self.name / "healthy")}

    def lines_at_fault(self) -> set[tuple[str, int]]:
        """(path, line) of every line that is marked."""
        base = ROOT / self.name / "faulty"
        return {
            (path.relative_to(base).as_posix(), number)
            for path in base.rglob("*.go")
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if _MARK.search(line)
        }

    def is_right(self, answer: Mapping[str, Any]) -> bool:
        """Whether a diagnosis names the cause."""
        return any(_fits(answer, accepted) for accepted in self.accept)


def _texts(base: Path) -> dict[str, str]:
    return {p.relative_to(base).as_posix(): _MARK.sub("", p.read_text()) for p in sorted(base.rglob("*")) if p.is_file()}


def _fits(answer: Mapping[str, Any], accepted: Mapping[str, Any]) -> bool:
    for key, wanted in accepted.items():
        if key == "factors":
            if answer["factor"] not in wanted:
                return False
        elif key in _OPEN_ANSWERS:
            if set(answer[key]) != set(wanted):
                return False
        elif answer[key] != wanted:
            return False
    return True


def lay_out(fault: Fault, kind: str, place: Path, go: ModuleType, version: str = "1.27.3") -> tuple[Path, dict[str, str]]:
    """Write a module with a home, a temporary directory and toolchains of its own: (its root, the environment). `go`: install_go."""
    root, home, scratch = place / "svc", place / "home", place / "tmp"
    for path, text in {"go.mod": "module example.com/svc\n\ngo 1.21\n", **fault.files(kind)}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (home / "sdk").mkdir(parents=True)
    scratch.mkdir()
    for name, text in fault.home.items():
        (home / name).write_text(text)
    for other in ("1.21.13", "1.27.3"):
        (home / "sdk" / f"go{other}").symlink_to(go.program(other).parents[1])
    environment = {
        **go_environment(go, version),
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "XDG_STATE_HOME": str(place / "state"),
        "LC_ALL": "C.UTF-8",
        **fault.environment,
    }
    return root, environment


def go_environment(go: ModuleType, version: str = "1.27.3") -> dict[str, str]:
    """What go needs: itself on PATH, its cache, and no way out."""
    return {
        "PATH": f"{go.program(version).parent}{os.pathsep}{os.environ['PATH']}",
        "GOCACHE": str(go.root() / "gocache"),
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
        "GOFLAGS": "",
        "GOPROXY": "off",
    }


def load() -> list[Fault]:
    """All seeds, in the order of the file of answers."""
    table = tomllib.loads((ROOT / "answers.toml").read_text())
    return [
        Fault(name, a["test"], tuple(a["accept"]), a.get("environment", {}), a.get("home", {}), a.get("needs", ""))
        for name, a in table.items()
    ]
