import os
from collections.abc import Callable
from pathlib import Path

import pytest

from steadygo.environment import gosettings
from steadygo.environment.gosettings import selected


def test_origins_of_a_real_toolchains_settings(goroot: Callable[[str], Path], tmp_path: Path) -> None:
    root = goroot("1.25.5")
    config = tmp_path / "env"
    config.write_text("GOFLAGS=-mod=mod\nGOPRIVATE=corp.example/*\n# GONOPROXY=x\n")
    environment = {
        "PATH": f"{root}/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "GOENV": str(config),
        "GOPRIVATE": "other.example",
        "GOAMD64": "",
    }
    found = {s.key: s for s in gosettings.capture(tmp_path, environment)}
    assert found["go.version"].value == "go1.25.5"
    assert found["go.env.GOFLAGS"].origin == f"user file {config}"
    assert (found["go.env.GOPRIVATE"].value, found["go.env.GOPRIVATE"].origin) == ("other.example", "process environment")
    assert found["go.env.GOPROXY"].origin == "default"
    assert (found["go.env.GOTOOLCHAIN"].value, found["go.env.GOTOOLCHAIN"].origin) == ("auto", "default")
    assert found["go.env.GOAMD64"].origin == "default"


def test_a_distributions_go_env_is_not_called_a_default() -> None:
    stated = gosettings.origin("GOTOOLCHAIN", "local", {}, {}, "", {"GOTOOLCHAIN": "local"}, "/usr/local/go")
    assert stated == "the distribution's /usr/local/go/go.env (upstream: auto)"


def test_never_lets_go_fetch_a_toolchain(goroot: Callable[[str], Path], tmp_path: Path) -> None:
    root = goroot("1.25.5")
    (tmp_path / "go.mod").write_text("module x\n\ngo 1.99\n")
    environment = {"PATH": f"{root}/bin", "HOME": str(tmp_path), "GOTOOLCHAIN": "auto", "GOPROXY": "http://127.0.0.1:1"}
    found = {s.key: s.value for s in gosettings.capture(tmp_path, environment)}
    assert found["go.version"] == "go1.25.5"


def test_two_names_of_one_go_count_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a/go").write_text("#!/bin/sh\n")
    os.chmod(tmp_path / "a/go", 0o755)
    (tmp_path / "b/go").symlink_to(tmp_path / "a/go")
    assert gosettings.find_go({"PATH": f"{tmp_path}/b:{tmp_path}/a:relative"}) == [tmp_path / "b/go"]


@pytest.mark.parametrize(
    ("local", "line", "toolchain", "rule", "expected"),
    [
        ("go1.26.3", "1.25", "", "auto", "go1.26.3"),
        ("go1.26.3", "1.27.1", "", "auto", "go1.27.1"),
        ("go1.26.3", "1.25", "go1.27.2", "auto", "go1.27.2"),
        ("go1.26.3", "1.25", "default", "auto", "go1.26.3"),
        ("go1.26.3", "1.27.1", "", "local", "go1.27.1 or newer, refused by GOTOOLCHAIN=local"),
        ("go1.26.3", "1.25", "go1.27.2", "local", "go1.26.3"),
        ("go1.26.3", "1.25", "", "go1.24.1+auto", "go1.25"),
        ("go1.26.3", "1.27", "", "go1.27.3", "go1.27.3"),
    ],
)
def test_selects_the_toolchain_as_go_does(local: str, line: str, toolchain: str, rule: str, expected: str) -> None:
    assert selected(local, line, toolchain, rule) == expected
