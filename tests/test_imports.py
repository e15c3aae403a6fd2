"""Start-up is a feature: what is imported before a verb is known, and on an unchanged rescan."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("click", "msgspec", "yaml", "tree_sitter", "rich", "sqlalchemy", "subprocess", "multiprocessing")


def imported(*arguments: str, folder: Path) -> set[str]:
    code = (
        "import sys; sys.argv=['steadygo', *sys.argv[1:]]\n"
        "from steadygo.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('MODULES', *sorted(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={"STEADYGO_CACHE": str(folder / ".cache"), "HOME": str(folder)},
    )
    return set(ran.stdout.rpartition("MODULES ")[2].split())


@pytest.mark.parametrize("arguments", [(), ("--version",)])
def test_says_its_version_without_importing_anything(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert not imported(*arguments, folder=tmp_path) & set(HEAVY)


def test_unchanged_rescan_parses_nothing(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module a\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    imported("scan", ".", folder=tmp_path)
    import time

    time.sleep(0.1)
    imported("scan", ".", folder=tmp_path)
    modules = imported("scan", ".", folder=tmp_path)
    assert not modules & {"yaml", "tree_sitter", "rich", "sqlalchemy", "multiprocessing", "steadygo.facts.gocode"}
    assert not {m for m in modules if m.startswith("steadygo.rules.") and m.count(".") > 2}, "no rule is imported"
