"""What changes the bytes of a Go program and what does not: the table of docs/build.md, on every toolchain."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from go_builds import VERSIONS, Go, file_proxy, git, need, write_tree

from steadygo.build import buildinfo
from steadygo.build.image import opened_image

pytestmark = pytest.mark.slow

PLAIN = {
    "go.mod": "module example.com/plain\n\ngo 1.21\n",
    "main.go": 'package main\n\nimport "os"\n\nvar version = "dev"\n\nfunc main() { println(version, len(os.Args)) }\n',
}
WITH_C = {
    "go.mod": "module example.com/c\n\ngo 1.21\n",
    "main.go": 'package main\n\n// int twice(int);\nimport "C"\n\nfunc main() { println(C.twice(21)) }\n',
    "twice.c": "#include <assert.h>\nint twice(int x) { assert(x > 0); return 2 * x; }\n",
}
DEP = {"go.mod": "module example.com/dep\n\ngo 1.21\n", "dep.go": 'package dep\n\nfunc Word() string { return "one" }\n'}
WITH_DEP = {
    "go.mod": "module example.com/svc\n\ngo 1.21\n",
    "main.go": 'package main\n\nimport "example.com/dep"\n\nfunc main() { println(dep.Word()) }\n',
}


@pytest.fixture(params=VERSIONS)
def go(request: pytest.FixtureRequest, toolchain: Callable[[str], Go]) -> Go:
    return toolchain(request.param)


def _bytes(go: Go, module: Path, *flags: str, **environment: str) -> bytes:
    return go.build(module, module.parent / "out", "-trimpath", *flags, **environment).read_bytes()


def _committed(root: Path) -> Path:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def _with_dep(go: Go, tmp_path: Path) -> tuple[Path, str]:
    proxy = file_proxy(tmp_path / "proxy", {("example.com/dep", "v1.0.0"): DEP})
    module = write_tree(tmp_path / "svc", WITH_DEP)
    go.run(module, "get", "example.com/dep@v1.0.0", GOPROXY=proxy)
    return module, proxy


def test_same_bytes_from_another_directory_cache_and_goroot(go: Go, tmp_path: Path) -> None:
    one = _bytes(go, write_tree(tmp_path / "one", PLAIN))
    goroot = tmp_path / "toolchain" / "go"
    shutil.copytree(go.program.parents[1], goroot, copy_function=os.link, symlinks=True)
    moved = dataclasses.replace(go, program=goroot / "bin" / "go")
    two = _bytes(moved, write_tree(tmp_path / "deep" / "two", PLAIN), GOCACHE=str(tmp_path / "empty"))
    assert one == two


def test_other_bytes_from_another_directory_without_trimpath(go: Go, tmp_path: Path) -> None:
    pair = [go.build(write_tree(tmp_path / name, PLAIN), tmp_path / f"{name}.out").read_bytes() for name in ("one", "two")]
    assert pair[0] != pair[1]


def test_same_bytes_of_c_code_from_two_directories(go: Go, tmp_path: Path) -> None:
    need(shutil.which("gcc") is not None, "gcc", "apt install gcc libc6-dev")
    pair = [_bytes(go, write_tree(tmp_path / name / "m", WITH_C), CGO_ENABLED="1") for name in ("one", "two")]
    assert pair[0] == pair[1]


def test_c_flags_change_the_bytes_and_are_not_recorded(go: Go, tmp_path: Path) -> None:
    need(shutil.which("gcc") is not None, "gcc", "apt install gcc libc6-dev")
    module = write_tree(tmp_path / "m", WITH_C)
    pair = [go.build(module, tmp_path / flag, "-trimpath", CGO_ENABLED="1", CGO_CFLAGS=flag) for flag in ("-O0", "-O2")]
    assert pair[0].read_bytes() != pair[1].read_bytes()
    assert buildinfo.read(pair[0]).lines() == buildinfo.read(pair[1]).lines()


def test_cgo_changes_the_bytes_and_needs_glibc(go: Go, tmp_path: Path) -> None:
    need(shutil.which("gcc") is not None, "gcc", "apt install gcc libc6-dev")
    module = write_tree(tmp_path / "m", PLAIN | {"net.go": 'package main\n\nimport _ "net"\n'})
    without, with_cgo = (go.build(module, tmp_path / f"cgo{on}", "-trimpath", CGO_ENABLED=on) for on in "01")
    with opened_image(without) as one, opened_image(with_cgo) as two:
        assert not one.interpreter
        assert two.interpreter
        assert two.library_versions["GLIBC"].startswith("2.")


@pytest.mark.parametrize(
    ("flags", "environment"), [((), {"GOAMD64": "v3", "GOARCH": "amd64"}), (("-ldflags=-X main.version=v1",), {}), (("-tags=x",), {})]
)
def test_level_variable_and_tag_change_the_bytes(go: Go, tmp_path: Path, flags: tuple[str, ...], environment: dict[str, str]) -> None:
    module = write_tree(tmp_path / "m", PLAIN)
    assert _bytes(go, module, GOARCH="amd64") != _bytes(go, module, *flags, **environment)


def test_vcs_stamp_tag_and_untracked_file_change_the_bytes(go: Go, tmp_path: Path) -> None:
    proxy = file_proxy(tmp_path / "proxy", {})
    module = _committed(write_tree(tmp_path / "m", PLAIN))
    untagged = _bytes(go, module, GOPROXY=proxy)
    assert _bytes(go, module, "-buildvcs=false", GOPROXY=proxy) != untagged
    git(module, "tag", "v1.2.3")
    tagged = _bytes(go, module, GOPROXY=proxy)
    (module / "stray").touch()
    dirty = _bytes(go, module, GOPROXY=proxy)
    assert dirty != tagged
    info = buildinfo.read(tmp_path / "out")
    assert info.setting("vcs.modified") == "true"
    # Only from Go 1.24 on is the version of the main module stamped.
    stamps = int(go.version.split(".")[1]) >= 24
    assert (tagged != untagged) is stamps
    assert info.main and info.main.version == ("v1.2.3+dirty" if stamps else "(devel)")


def test_building_a_file_loses_module_and_stamp(go: Go, tmp_path: Path) -> None:
    module = _committed(write_tree(tmp_path / "m", PLAIN))
    info = buildinfo.read(go.build(module, tmp_path / "out", "-trimpath", package="./main.go"))
    assert (info.path, info.main, info.setting("vcs.revision")) == ("command-line-arguments", None, "")


def test_vendor_changes_the_bytes_and_go_does_not_see_tampering(go: Go, tmp_path: Path) -> None:
    module, proxy = _with_dep(go, tmp_path)
    from_cache = _bytes(go, module, GOPROXY=proxy)
    go.run(module, "mod", "vendor", GOPROXY=proxy)
    # Go 1.21 still records go.sum's hash of a vendored module; later ones record none.
    records = int(go.version.split(".")[1]) <= 21
    assert (_bytes(go, module) == from_cache) is records
    assert bool(buildinfo.read(tmp_path / "out").deps[0].sum) is records
    write_tree(module, {"vendor/example.com/dep/dep.go": DEP["dep.go"].replace("one", "evil")})
    assert "all modules verified" in go.run(module, "mod", "verify", GOPROXY=proxy)
    assert b"evil" in _bytes(go, module)


def test_a_workspace_changes_the_bytes_and_gowork_off_restores_them(go: Go, tmp_path: Path) -> None:
    module, proxy = _with_dep(go, tmp_path)
    plain = _bytes(go, module, GOPROXY=proxy)
    write_tree(tmp_path / "dep", DEP)
    write_tree(tmp_path, {"go.work": "go 1.21\n\nuse (\n\t./svc\n\t./dep\n)\n"})
    assert _bytes(go, module, GOPROXY=proxy) != plain
    assert buildinfo.read(tmp_path / "out").deps[0].version == "(devel)"
    assert _bytes(go, module, GOPROXY=proxy, GOWORK="off") == plain
