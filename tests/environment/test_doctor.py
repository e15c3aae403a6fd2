from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from steadygo.environment import buildcache
from steadygo.environment.doctor import Access, Patient, examine
from steadygo.environment.fingerprint import Fingerprint, Value
from steadygo.environment.modulepaths import looks_private, matches, seen_by
from steadygo.errors import UserError
from steadygo.facts.modules import GoMod
from steadygo.read import gomod

MOD = """\
module git.corp.example/shop/orders

go 1.25

require (
\tgithub.com/spf13/cobra v1.8.0
\tgit.corp.example/platform/log v1.2.0
)
"""
DEFAULTS = {"GOPROXY": "https://proxy.golang.org,direct", "GOSUMDB": "sum.golang.org", "GOAUTH": "netrc", "GOPATH": "/home/x/go"}
PRIVATE = dict.fromkeys(("GOPRIVATE", "GONOPROXY", "GONOSUMDB"), "git.corp.example")


def rules(
    settings: dict[str, str],
    mod: str = MOD,
    values: dict[str, str] | None = None,
    root: Path = Path("/work"),
    access: Access | None = None,
    **more: object,
) -> dict[str, str]:
    module = gomod.read("go.mod", mod.encode())
    assert isinstance(module, GoMod)
    all_settings = DEFAULTS | settings
    stated = {f"go.env.{k}": Value(v, "test") for k, v in all_settings.items()}
    stated |= {k: Value(v, "test") for k, v in ({"go.version": "go1.26.3", "go.selected": "go1.26.3"} | (values or {})).items()}
    patient = Patient(Fingerprint("here", "here", stated), module, root, all_settings, access=access or Access(), **more)  # type: ignore[arg-type]
    return {f.rule: str(f.severity) for f in examine(patient)}


def test_a_private_path_is_told_to_the_proxy_and_the_database() -> None:
    assert rules({})["private-path-told"] == "hazard"
    assert "private-path-told" not in rules(PRIVATE)
    assert "private-path-told" not in rules({}, vendored=True)


def test_private_paths_that_the_team_states(tmp_path: Path) -> None:
    mod = "module example.org/x\n\ngo 1.25\n\nrequire github.com/acme/secret v1.0.0\n"
    assert rules({}, mod) == {}
    assert "private-path-told" in rules({}, mod, access=Access(private=("github.com/acme",)))


def test_a_private_module_without_credentials_is_not_reachable() -> None:
    assert rules(PRIVATE) == {"module-not-reachable": "degraded"}
    assert rules(PRIVATE, access=Access(frozenset({"git.corp.example"}))) == {}
    assert rules(PRIVATE, access=Access(instead=(("https://git.corp.example/", "ssh://git@git.corp.example/"),))) == {}
    assert rules(PRIVATE | {"GOAUTH": "git /home/x"}) == {}
    assert rules(PRIVATE | {"GOAUTH": "git /home/x"}, values={"go.version": "go1.23.1"}) == {"module-not-reachable": "degraded"}
    assert rules(PRIVATE | {"GOAUTH": "off"}, access=Access(frozenset({"git.corp.example"}))) == {"module-not-reachable": "degraded"}
    assert rules(PRIVATE, cached=frozenset({("git.corp.example/platform/log", "v1.2.0")})) == {}


def test_an_offline_build_needs_the_module_cache() -> None:
    assert rules({"GOPROXY": "off"})["module-not-reachable"] == "outage"


def test_gopath_mode_is_an_outage() -> None:
    assert rules(PRIVATE | {"GO111MODULE": "off"}, vendored=True) == {"gopath-mode": "outage"}
    assert rules({}, root=Path("/home/x/go/src/a"), vendored=True) == {"module-inside-gopath": "note"}


def test_a_goroot_of_another_version_is_mixed(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("go1.25.1\n")
    wrong = {"env.GOROOT": str(tmp_path)}
    assert rules(PRIVATE, values=wrong, vendored=True) == {"mixed-goroot": "outage"}
    assert rules(PRIVATE, values=wrong | {"go.version": "go1.25.1", "go.selected": "go1.25.1"}, vendored=True) == {"goroot-set": "hazard"}
    assert rules(PRIVATE, values={"env.GOROOT": "/nonexistent"}, vendored=True) == {"mixed-goroot": "outage"}
    several = {"go.toolchains": "go1.26.3 /usr/local/go/bin/go, go1.19.8 /usr/bin/go, go1.27.3 /root/go/bin/go1.27.3"}
    assert rules(PRIVATE, values=several, vendored=True) == {"several-go-programs": "hazard"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"GOPROXY": "http://proxy.corp.example"}, {"proxy-without-tls": "hazard"}),
        ({"GOPROXY": "http://localhost:3000|https://proxy.golang.org"}, {}),
        ({"GOPROXY": "https://p.corp.example,direct"}, {"proxy-without-fallback": "note"}),
        ({"GOPROXY": "direct,https://proxy.golang.org"}, {"proxy-never-asked": "note"}),
        ({"GOSUMDB": "off"}, {"no-checksum-database": "hazard"}),
        ({"GOPRIVATE": "*", "GONOSUMDB": "*"}, {"no-checksum-database": "hazard"}),
        ({"GOINSECURE": "git.corp.example"}, {"insecure-fetch": "hazard"}),
        ({"GOPRIVATE": "git.corp.exmaple"}, {"private-glob-unused": "note"}),
    ],
)
def test_settings_of_the_proxy_and_the_database(settings: dict[str, str], expected: dict[str, str]) -> None:
    assert rules(PRIVATE | settings, vendored=True) == expected


def test_a_toolchain_that_cannot_be_had() -> None:
    refused = {"go.selected": "go1.27.0 or newer, refused by GOTOOLCHAIN=local"}
    assert rules(PRIVATE, values=refused, vendored=True) == {"toolchain-refused": "outage"}
    assert rules(PRIVATE | {"GOPROXY": "off"}, values={"go.selected": "go1.27.0"}, vendored=True)["toolchain-refused"] == "outage"
    assert rules(PRIVATE | {"GOSUMDB": "off"}, values={"go.selected": "go1.27.0"}, vendored=True)["toolchain-refused"] == "outage"
    assert rules(PRIVATE, values={"go.selected": "go1.27.0"}, vendored=True) == {}


def test_a_removed_godebug_kills_go_itself() -> None:
    found = rules(PRIVATE, values={"env.GODEBUG": "tls3des=1", "go.selected": "go1.27.3", "go.version": "go1.27.3"}, vendored=True)
    assert found == {"godebug-removed": "outage"}


@pytest.mark.parametrize(
    ("globs", "path", "expected"),
    [
        ("*.corp.example,rsc.io/private", "git.corp.example/xyzzy", "*.corp.example"),
        ("*.corp.example,rsc.io/private", "rsc.io/private/quux", "rsc.io/private"),
        ("*.corp.example,rsc.io/private", "rsc.io/privateer", ""),
        ("github.com/*/x/", "github.com/a/x/y", "github.com/*/x"),
        ("github.com/*", "github.com", ""),
        ("", "github.com/a", ""),
        ("*", "anything.org/x", "*"),
    ],
)
def test_globs_match_as_go_matches_them(globs: str, path: str, expected: str) -> None:
    assert matches(globs, path) == expected


def test_well_known_hosts_do_not_look_private() -> None:
    for path in ("github.com/spf13/cobra", "golang.org/x/sys", "k8s.io/api", "go.uber.org/zap", "gopkg.in/yaml.v3", "filippo.io/age"):
        assert looks_private(path, "github.com/acme/orders") == ""
    assert looks_private("orders/internal", "x") != ""
    assert seen_by("a.example/x", {"GOPROXY": "https://a|https://b,direct", "GOSUMDB": "sum.golang.org +key"}) == (
        ["https://a", "https://b"],
        "sum.golang.org",
    )


def test_mount_units_are_named_as_systemd_names_them(tmp_path: Path) -> None:
    if shutil.which("systemd-escape") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("systemd-escape is missing; apt-get install systemd")
    for path in ("/root/.cache/go-build", "/.hidden/x", "/a b/ü/c:d_e", "/"):
        real = subprocess.run(["systemd-escape", "--path", path], capture_output=True, text=True, check=True).stdout.strip()
        assert buildcache.escape_path(Path(path)) == real


MEASURED = buildcache.Measured((10.0, 10.2), (1.0, 1.0), (6.0, 6.1), (0.9, 0.9), 300 << 20, 8 << 30)


def test_systemd_accepts_the_units_that_are_written(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("systemd-analyze is missing; apt-get install systemd")
    written = buildcache.write_units(tmp_path, MEASURED, Path("/home/a b/.cache/go-build"), os.getuid(), os.getgid())
    done = subprocess.run(
        ["systemd-analyze", "verify", *written], capture_output=True, text=True, env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    )
    assert [line for line in done.stderr.splitlines() if "go-build" in line] == []
    assert "size=600M" in written[0].read_text()


def test_tmpfs_pays_only_beyond_the_noise_and_when_it_fits() -> None:
    assert MEASURED.pays
    assert "tmpfs pays: 4.0 s less" in buildcache.advice(MEASURED)
    assert not buildcache.Measured((10.0, 14.5), (1.0,), (6.0, 6.1), (0.9,), 300 << 20, 8 << 30).pays
    assert not buildcache.Measured((10.0,), (1.0,), (9.8,), (0.9,), 300 << 20, 8 << 30).pays
    assert not buildcache.Measured((10.0,), (1.0,), (6.0,), (0.9,), 300 << 20, 1 << 30).pays


@pytest.mark.slow
def test_measures_a_real_module(goroot: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/x\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() { println(1) }\n")
    measured = buildcache.measure(tmp_path, goroot("1.21.13") / "bin/go", tmp_path)
    assert min(measured.disk_warm) < min(measured.disk_cold)
    assert measured.cache_bytes > 1 << 20
    assert sorted(p.name for p in tmp_path.iterdir()) == ["go.mod", "main.go"]
    with pytest.raises(UserError, match="no tmpfs"):
        buildcache.measure(tmp_path, goroot("1.21.13") / "bin/go", tmp_path, tmp_path)
