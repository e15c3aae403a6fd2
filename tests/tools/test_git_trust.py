"""git is asked about a work tree without running what the work tree's own configuration names."""

from __future__ import annotations

import subprocess
from pathlib import Path

from steadygo.tools import git

_CONFIG = """
[filter "evil"]
	clean = touch {marker}; cat
	smudge = touch {marker}; cat
	required = true
[filter "e=vil"]
	clean = touch {marker}; cat
[diff]
	external = touch {marker}
	submodule = log
[diff "evil"]
	command = touch {marker}
	textconv = touch {marker}; cat
[core]
	fsmonitor = touch {marker}
	sshCommand = touch {marker}
"""


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], check=True, capture_output=True)


def _repository(root: Path) -> None:
    root.mkdir()
    _git(root, "init", "-q")
    (root / "main.go").write_text("package main\n\nfunc main() {\n}\n")
    _git(root, "add", ".")
    _git(root, "commit", "-qm", "first")


def _turn_hostile(root: Path, marker: Path) -> None:
    (root / ".gitattributes").write_text("main.go filter=evil diff=evil\nother.go filter=e=vil\n")
    with open(root / ".git" / "config", "a") as file:
        file.write(_CONFIG.format(marker=marker))


def test_runs_nothing_that_the_configuration_names(tmp_path: Path) -> None:
    root, marker = tmp_path / "orders", tmp_path / "ran"
    _repository(root)
    _repository(root / "library")
    _git(root, "add", "library")
    _git(root, "commit", "-qm", "a submodule")
    _turn_hostile(root, marker)
    _turn_hostile(root / "library", marker)
    (root / "main.go").write_text("package main\n\nfunc main() {\n\tprintln()\n}\n")
    (root / "library" / "main.go").write_text("package main\n")
    assert git.changed_since(root, "HEAD")["main.go"] == {4}
    state = git.checkout(root)
    assert state is not None and state.changed == 1
    assert not marker.exists()


def test_takes_an_added_line_of_plus_signs_for_a_line(tmp_path: Path) -> None:
    root = tmp_path / "orders"
    _repository(root)
    (root / "main.go").write_text("package main\n\n/*\n++ b/other.go\n*/\nfunc main() {\n}\n\nfunc f() {\n}\n")
    assert git.changed_since(root, "HEAD") == {"main.go": {3, 4, 5, 8, 9, 10}}
