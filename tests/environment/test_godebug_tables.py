from collections.abc import Callable
from pathlib import Path

import pytest

from steadygo.environment import godebug, module
from steadygo.facts.godebug import SETTINGS
from steadygo.read import gomod

LINES = ("1.17", "1.20", "1.21", "1.22", "1.23.1", "1.24", "1.25", "1.26")


@pytest.mark.parametrize("version", ["1.21.13", "1.23.9", "1.25.5", "1.27.3"])
def test_says_what_the_real_toolchain_says_for_every_go_line(
    version: str, goroot: Callable[[str], Path], go: Callable[..., str], tmp_path: Path
) -> None:
    root = goroot(version)
    (tmp_path / "main.go").write_text("//go:debug http2client=0\npackage main\n\nfunc main() {}\n")
    own = godebug.table_for("go" + version, root)
    for line in LINES:
        if int(line.split(".")[1]) > int(version.split(".")[1]):
            continue
        (tmp_path / "go.mod").write_text(f"module example.com/x\n\ngo {line}\n")
        real = go(root, tmp_path, "list", "-f", "{{.DefaultGODEBUG}}", ".")
        parsed = gomod.read("go.mod", (tmp_path / "go.mod").read_bytes())
        found = module.effects(parsed, tmp_path, "go" + version, root, "")
        assert ",".join(f"{e.name}={e.value}" for e in found) == real
    assert own.settings == godebug.table_for("go" + version).settings
    assert own.removed == godebug.table_for("go" + version).removed


def test_a_patch_that_is_not_shipped_takes_the_nearest_of_its_minor() -> None:
    assert godebug.table_for("go1.24.2").version == "go1.24.11"
    assert godebug.table_for("go1.19").version == "go1.21.13"
    assert godebug.table_for("go1.99.1").version == "go1.27.3"


def test_rows_in_comments_do_not_count() -> None:
    assert all(t.find("multipartfiles") is None for t in godebug.shipped())


def test_agrees_with_the_facts_on_what_was_removed() -> None:
    newest = godebug.shipped()[-1]
    assert {(r.name, r.removed, r.old) for r in newest.removed} == {(s.name, s.removed, s.old) for s in SETTINGS if s.removed}


def test_environment_beats_directive_beats_go_mod_beats_go_line() -> None:
    table = godebug.table_for("go1.27.3")
    found = {
        e.name: (e.value, e.origin)
        for e in godebug.effective(
            table,
            "1.20",
            [("panicnil", "0", "go.mod:4"), ("panicnil", "2", "main.go:1"), ("rsa1024min", "1", "go.mod:5")],
            "panicnil=0,panicnil=1",
        )
    }
    assert found["panicnil"] == ("1", "environment")
    assert found["rsa1024min"] == ("1", "go.mod:5")
    assert found["urlstrictcolons"] == ("0", "go line 1.20: the default changed in Go 1.26")


def test_default_in_go_mod_replaces_the_go_line() -> None:
    table = godebug.table_for("go1.27.3")
    assert godebug.effective(table, "1.27", [("default", "go1.26", "go.mod:3")]) == godebug.effective(table, "1.26")
