"""The check before a start against hosts that lack something: loader, library, symbol version, processor level."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from go_builds import TINY, VERSIONS, Go, need, write_tree

from steadygo.build import buildinfo, make, statement
from steadygo.build.host import Host, here
from steadygo.build.verify import Check, verify
from steadygo.environment.machine import level
from steadygo.errors import UserError
from steadygo.facts.godebug import SETTINGS
from steadygo.findings import Verdict

pytestmark = pytest.mark.slow

V1 = frozenset({"sse2"})
V3_FLAGS = "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"
V3 = frozenset(V3_FLAGS.split())
WITH_C = TINY | {"c.go": 'package main\n\n// #include <stdlib.h>\nimport "C"\n\nfunc init() { C.free(nil) }\n'}


def _host(root: Path, flags: frozenset[str] = V3, **environment: str) -> Host:
    return Host("linux", "amd64", flags, environment, root)


def _manifest(program: Path, **changes: object) -> Path:
    """The manifest that a build of `program` would have."""
    info = buildinfo.read(program)
    made = statement.Made(".", "", "", "", [], {}, {}, "1.21", {}, make.linkage(program))
    made = dataclasses.replace(made, **changes)  # type: ignore[arg-type]
    path = program.with_name(program.name + ".manifest.json")
    path.write_bytes(statement.encode(statement.statement({program.name: make.sha256_of(program)}, info, made)))
    return path


def _check(program: Path, host: Host, name: str, **changes: object) -> Check:
    (found,) = (c for c in verify(program, _manifest(program, **changes), None, host, level) if c.name == name)
    return found


@pytest.fixture
def static(newest: Go, tmp_path: Path) -> Path:
    return newest.build(write_tree(tmp_path / "m", TINY), tmp_path / "svc", "-trimpath", GOARCH="amd64", GOAMD64="v3")


@pytest.fixture
def dynamic(newest: Go, tmp_path: Path) -> Path:
    need(shutil.which("gcc") is not None, "gcc", "apt install gcc libc6-dev")
    return newest.build(write_tree(tmp_path / "m", WITH_C), tmp_path / "svc", "-trimpath", CGO_ENABLED="1")


@pytest.mark.parametrize(("flags", "verdict"), [(V1, Verdict.FAIL), (V3, Verdict.PASS), (frozenset(), Verdict.NOT_KNOWN)])
def test_holds_the_processor_level_against_the_flags(static: Path, tmp_path: Path, flags: frozenset[str], verdict: Verdict) -> None:
    assert _check(static, _host(tmp_path, flags), "processor").verdict is verdict


def test_refuses_another_processor_and_a_file_without_the_executable_bit(static: Path, tmp_path: Path) -> None:
    assert _check(static, dataclasses.replace(_host(tmp_path), goarch="arm64"), "platform").verdict is Verdict.FAIL
    static.chmod(0o644)
    host = _host(tmp_path)
    assert "not executable" in _check(static, host, "platform").message


def test_holds_go_mod_minimums(static: Path, tmp_path: Path) -> None:
    assert _check(static, _host(tmp_path), "go.mod").verdict is Verdict.PASS
    assert "at least go 1.99" in _check(static, _host(tmp_path), "go.mod", go_line="1.99").message


def test_refuses_a_dynamic_program_that_claims_to_be_static(dynamic: Path, tmp_path: Path) -> None:
    assert _check(dynamic, here(), "linkage").verdict is Verdict.PASS
    assert "The manifest says static" in _check(dynamic, here(), "linkage", linkage={"static": True}).message


def test_refuses_missing_loader_missing_library_and_old_library(dynamic: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    assert "The loader /lib64/ld-linux-x86-64.so.2 is not here" in _check(dynamic, _host(root), "linkage").message
    write_tree(root, {"lib64/ld-linux-x86-64.so.2": ""})
    assert "Shared libraries are not here: libc.so.6" in _check(dynamic, _host(root), "linkage").message
    library = here().find_library("libc.so.6")
    assert library is not None
    place = root / "opt/lib/libc.so.6"
    place.parent.mkdir(parents=True)
    shutil.copy(library, place)
    assert _check(dynamic, _host(root, LD_LIBRARY_PATH="/opt/lib"), "C library").verdict is Verdict.PASS
    # The same library as if it were of an older release: every version above 2.17 gets another name.
    place.write_bytes(re.sub(rb"\0GLIBC_2\.(?:1[89]|[2-9]\d)(?=\0)", lambda m: m[0].replace(b"GLIBC", b"GLIBX"), place.read_bytes()))
    found = _check(dynamic, _host(root, LD_LIBRARY_PATH="/opt/lib"), "C library")
    assert found.verdict is Verdict.FAIL
    assert "this machine has GLIBC_2.17" in found.message


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF" + bytes(200)])
def test_fails_a_file_that_is_no_go_program(static: Path, tmp_path: Path, content: bytes) -> None:
    manifest = _manifest(static)
    static.write_bytes(content)
    found = verify(static, manifest, None, here(), level)
    assert [c.name for c in found if c.verdict is Verdict.FAIL] == ["program"]


def test_fails_a_signed_manifest_without_a_key(static: Path) -> None:
    manifest = _manifest(static)
    manifest.write_bytes(statement.envelope(manifest.read_bytes(), "id", b"signature"))
    (found,) = (c for c in verify(static, manifest, None, here(), level) if c.verdict is Verdict.FAIL)
    assert (found.name, "give --key" in found.message) == ("signature", True)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"payloadType": 1}', '{"_type": "https://in-toto.io/Statement/v1"}', "{" * 5000])
def test_refuses_what_is_no_manifest(static: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(UserError, match="cannot be used as a manifest"):
        verify(static, path, None, here(), level)


@pytest.mark.parametrize("version", VERSIONS)
def test_godebug_table_is_that_of_the_toolchain(toolchain: Callable[[str], Go], version: str) -> None:
    table = (toolchain(version).program.parents[1] / "src/internal/godebugs/table.go").read_text()
    minor = int(version.split(".")[1])
    changed = {m[1]: (int(m[2]), m[3]) for m in re.finditer(r'\{Name: "(\w+)", .*?Changed: (\d+), Old: "(\d)"', table)}
    ours = {s.name: s for s in SETTINGS}
    assert {name: (ours[name].changed, ours[name].old[0]) for name in changed} == changed
    assert {s.name for s in SETTINGS if s.changed <= minor and not 0 < s.removed <= minor} - set(changed) <= {"x509sha1", *_BACKPORTED}
    removed = {m[1]: int(m[2]) for m in re.finditer(r'\{Name: "(\w+)", Removed: (\d+)', table)}
    assert {s.name: s.removed for s in SETTINGS if 0 < s.removed <= minor} == removed or minor < 27


# Settings that a later patch of an older line brought: its table has them, an earlier patch's has not.
_BACKPORTED = {"httpcookiemaxnum", "urlmaxqueryparams", "urlstrictcolons", "httpservecontentmaxranges", "cryptocustomrand"}
