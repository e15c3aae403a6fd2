"""`steadygo build modules`: vendor/ proved against go.sum offline, retractions, licences. Modules come from a proxy made of files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from go_builds import INSTALL_GO, Go, file_proxy, need, write_tree
from hypothesis import given
from hypothesis import strategies as st

from steadygo.build import licences, semver
from steadygo.dispatch import run

MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy\nThe above copyright notice and this permission\n"
DEP = {
    "go.mod": "module example.com/Dep\n\ngo 1.21\n",
    "dep.go": 'package dep\n\nfunc Word() string { return "one" + more }\n',
    "more.go": 'package dep\n\nconst more = "more"\n',
    "gen.go": "//go:build ignore\n\npackage main\n",
    "dep_test.go": "package dep\n",
    "sub/sub.go": "package sub\n",
    "LICENSE": MIT,
}
RETRACTING = {"go.mod": "module example.com/Dep\n\ngo 1.21\n\nretract v1.0.0 // loses data\n", "dep.go": "package dep\n"}
SERVICE = {
    "go.mod": "module example.com/svc\n\ngo 1.21\n",
    "main.go": 'package main\n\nimport dep "example.com/Dep"\n\nfunc main() { println(dep.Word()) }\n',
}
DEP_NAME = "example.com/Dep v1.0.0"


@pytest.fixture
def vendored(newest: Go, tmp_path: Path) -> tuple[Path, Path]:
    """A module with vendor/, and the module cache that it came from."""
    proxy = file_proxy(tmp_path / "proxy", {("example.com/Dep", "v1.0.0"): DEP})
    root = write_tree(tmp_path / "svc", SERVICE)
    newest.run(root, "get", "example.com/Dep@v1.0.0", GOPROXY=proxy)
    newest.run(root, "mod", "vendor", GOPROXY=proxy)
    return root, Path(newest.environment["GOMODCACHE"])


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str], vendored: tuple[Path, Path]) -> Callable[[int], list[str]]:
    """The lines of the vendor part."""

    def give(code: int) -> list[str]:
        capsys.readouterr()
        assert run(["build", "modules", str(vendored[0]), "--modcache", str(vendored[1])]) == code
        return capsys.readouterr().out.partition("vendor/ against go.sum:\n")[2].splitlines()

    return give


def test_proves_an_untouched_vendor_folder(says: Callable[[int], list[str]]) -> None:
    (line,) = says(0)
    assert line.startswith(f"  pass            {DEP_NAME}: 3 vendored files are those of h1:")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: (v / "dep.go").write_text("package dep\n\nfunc Word() string { return `evil` }\n"), "dep.go (changed)"),
        (lambda v: (v / "evil.go").write_text("package dep\n"), "evil.go (added)"),
        (lambda v: (v / "more.go").unlink(), "more.go (removed)"),
        (lambda v: ((v / "more.go").unlink(), (v / "more.go").symlink_to("/etc/passwd")), "more.go (a symbolic link)"),
        (lambda v: (v.parents[1] / "stray.go").write_text("package x\n"), "vendor/stray.go belongs to no module"),
    ],
)
def test_refuses_a_tampered_vendor_folder(
    vendored: tuple[Path, Path], says: Callable[[int], list[str]], change: Callable[[Path], object], words: str
) -> None:
    change(vendored[0] / "vendor/example.com/Dep")
    assert [words in line for line in says(1) if line.startswith("  fail")] == [True]


def test_refuses_a_tampered_module_cache_and_go_sum(vendored: tuple[Path, Path], says: Callable[[int], list[str]]) -> None:
    root, cache = vendored
    archive = cache / "cache/download/example.com/!dep/@v/v1.0.0.zip"
    kept = archive.read_bytes()
    archive.write_bytes(kept.replace(b"dep.go", b"dap.go"))
    assert "the cache was changed" in says(1)[0]
    archive.write_bytes(kept)
    sums = (root / "go.sum").read_text()
    (root / "go.sum").write_text("\n".join(line for line in sums.splitlines() if "/go.mod" in line))
    assert "go.sum has no hash" in says(1)[0]


def test_takes_the_unpacked_module_where_the_zip_is_gone(vendored: tuple[Path, Path], says: Callable[[int], list[str]]) -> None:
    (vendored[1] / "cache/download/example.com/!dep/@v/v1.0.0.zip").unlink()
    assert says(0)[0].startswith(f"  pass            {DEP_NAME}")


def test_says_not_known_where_the_cache_has_nothing(vendored: tuple[Path, Path], says: Callable[[int], list[str]]) -> None:
    shutil.rmtree(vendored[1])
    assert says(0)[0].startswith(f"  not known       {DEP_NAME}: The module cache does not have it")


def test_tells_retractions_and_licence_policy(
    newest: Go, vendored: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, cache = vendored
    proxy = file_proxy(tmp_path / "proxy", {("example.com/Dep", "v1.0.1"): RETRACTING})
    newest.run(root, "list", "-mod=mod", "-m", "-u", "-retracted", "all", GOPROXY=proxy)
    write_tree(root, {"steadygo.toml": '[build]\ndeny-licences = ["MIT"]\n'})
    assert run(["build", "modules", "--quiet", str(root), "--modcache", str(cache)]) == 1
    said = capsys.readouterr().out
    assert "Retracted by its authors in v1.0.1: loses data." in said
    assert "Licence MIT is not allowed" in said


@pytest.mark.slow
@pytest.mark.parametrize("called", [True, False])
def test_joins_govulncheck(
    toolchain: Callable[[str], Go], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, called: bool
) -> None:
    program = INSTALL_GO.root() / "bin" / "govulncheck"
    need(program.exists(), "govulncheck", INSTALL_GO.INSTALL_LINE)
    go = toolchain(INSTALL_GO.GOVULNCHECK_GO)
    entry = {
        "schema_version": "1.3.1",
        "id": "GO-2026-0001",
        "modified": "2026-01-02T03:04:05Z",
        "published": "2026-01-02T03:04:05Z",
        "summary": "Word lies.",
        "affected": [
            {
                "package": {"name": "example.com/Dep", "ecosystem": "Go"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}],
                "ecosystem_specific": {"imports": [{"path": "example.com/Dep", "symbols": ["Word" if called else "Unused"]}]},
            }
        ],
    }
    listed = {"id": "GO-2026-0001", "modified": "2026-01-02T03:04:05Z", "fixed": "1.0.1"}
    files = {
        "index/db.json": {"modified": "2026-01-02T03:04:05Z"},
        "index/modules.json": [{"path": "example.com/Dep", "vulns": [listed]}],
        "index/vulns.json": [listed],
        "ID/GO-2026-0001.json": entry,
    }
    write_tree(tmp_path / "db", {name: json.dumps(content) for name, content in files.items()})
    unused = DEP | {"dep.go": DEP["dep.go"] + "\nfunc Unused() {}\n"}
    proxy = file_proxy(tmp_path / "proxy", {("example.com/Dep", "v1.0.0"): unused})
    root = write_tree(tmp_path / "svc", SERVICE)
    go.run(root, "get", "example.com/Dep@v1.0.0", GOPROXY=proxy)
    settings = go.environment | {"GOPROXY": proxy, "GOVULNDB": f"file://{tmp_path / 'db'}"}
    for key, value in (settings | {"PATH": f"{program.parent}:{go.program.parent}:{go.environment['PATH']}"}).items():
        monkeypatch.setenv(key, value)
    assert run(["build", "modules", str(root), "--vulnerabilities"]) == (1 if called else 0)
    words = "The code calls it" if called else "Nothing here calls it"
    assert f"GO-2026-0001: Word lies. {words}; fixed in v1.0.1." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("older", "newer"),
    [("v1.0.0-rc.1", "v1.0.0"), ("v1.0.0-rc.2", "v1.0.0-rc.11"), ("v1.9.0", "v1.10.0"), ("v0.0.0-20260102030405-abcdefabcdef", "v0.0.1")],
)
def test_orders_versions_as_go_does(older: str, newer: str) -> None:
    one, two = semver.parse(older), semver.parse(newer)
    assert one is not None
    assert two is not None
    assert one < two
    assert two >= one


@pytest.mark.parametrize("text", ["1.2.3", "v1.2", "v01.2.3", "v1.2.3-01", "v1.2.3-", "", "v1.2.3+"])
def test_refuses_what_is_no_version(text: str) -> None:
    assert semver.parse(text) is None


@pytest.mark.parametrize(
    ("path", "version", "fits"),
    [
        ("a/b", "v1.0.0", True),
        ("a/b", "v2.0.0", False),
        ("a/b", "v2.0.0+incompatible", True),
        ("a/b/v2", "v2.1.0", True),
        ("gopkg.in/yaml.v3", "v3.0.1", True),
    ],
)
def test_holds_versions_against_module_paths(path: str, version: str, fits: bool) -> None:
    parsed = semver.parse(version)
    assert parsed is not None
    assert semver.fits_path(path, parsed) is fits


def test_reads_the_commit_of_pseudo_versions() -> None:
    for text in ("v0.0.0-20260102030405-abcdefabcdef", "v1.2.4-0.20260102030405-abcdefabcdef", "v1.2.3-rc.1.0.20260102030405-abcdefabcdef"):
        found = semver.pseudo(text)
        assert found is not None
        assert (found.revision, found.time.year) == ("abcdefabcdef", 2026)
    assert semver.pseudo("v1.2.3-rc.1") is None


@pytest.mark.parametrize(
    ("expression", "allowed", "denied", "ok"),
    [
        ("MIT", (), (), True),
        ("MIT OR GPL-3.0-only", (), ("GPL-3.0-only",), True),
        ("MIT AND GPL-3.0-only", (), ("GPL-3.0-only",), False),
        ("Apache-2.0", ("MIT",), (), False),
    ],
)
def test_weighs_licence_expressions(expression: str, allowed: tuple[str, ...], denied: tuple[str, ...], ok: bool) -> None:
    assert licences.is_allowed(expression, allowed, denied) is ok


@given(st.text(max_size=400))
def test_licences_and_versions_never_crash_on_text(text: str) -> None:
    licences.identify(text)
    semver.parse(text)
    semver.pseudo(text)
