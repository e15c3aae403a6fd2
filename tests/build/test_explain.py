"""Two builds, one thing changed: the explanation names that thing and no other. Real toolchains, real binaries."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from go_builds import NEWEST, VERSIONS, Go, file_proxy, git, need, write_tree

from steadygo.build.explain import Explanation, explain
from steadygo.build.image import opened_image
from steadygo.errors import UserError

pytestmark = pytest.mark.slow

SERVICE = {
    "go.mod": "module example.com/svc\n\ngo 1.21\n",
    "main.go": """package main

import (
	"embed"
	"fmt"
	"os"

	"example.com/svc/greet"
)

//go:embed page.html
var pages embed.FS

//go:embed note.txt
var note string

var version = "dev"

func main() {
	page, _ := pages.ReadFile("page.html")
	fmt.Println(version, greet.Hello(os.Args[0]), len(page), note, extra)
}
""",
    "greet/greet.go": """package greet

import "strings"

//go:noinline
func Hello(name string) string {
	return strings.ToUpper("hello ") + name
}
""",
    "extra_on.go": '//go:build extra\n\npackage main\n\nconst extra = "with the extra"\n',
    "extra_off.go": '//go:build !extra\n\npackage main\n\nconst extra = "without"\n',
    "page.html": "<h1>one</h1>\n",
    "note.txt": "first note\n",
}
WITH_DEP = {
    "go.mod": "module example.com/svc\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n",
    "main.go": 'package main\n\nimport "example.com/dep"\n\nfunc main() { println(dep.Word()) }\n',
}
DEP = {"go.mod": "module example.com/dep\n\ngo 1.21\n", "dep.go": 'package dep\n\nfunc Word() string { return "one" }\n'}
DEP_2 = DEP | {"dep.go": 'package dep\n\nimport "strings"\n\nfunc Word() string { return strings.Repeat("two", 2) }\n'}
WITH_C = {
    "go.mod": "module example.com/c\n\ngo 1.21\n",
    "main.go": 'package main\n\n// int twice(int);\nimport "C"\n\nfunc main() { println(C.twice(21)) }\n',
    "twice.c": "int twice(int x) { int i, s = 0; for (i = 0; i < x; i++) s += 2; return s; }\n",
}


def _kinds(found: Explanation) -> list[tuple[str, str]]:
    return [(cause.kind, cause.at) for cause in found.causes]


@pytest.fixture(params=VERSIONS)
def go(request: pytest.FixtureRequest, toolchain: Callable[[str], Go]) -> Go:
    return toolchain(request.param)


@pytest.fixture(params=[(), ("-ldflags=-s -w",)], ids=["whole", "stripped"])
def strip(request: pytest.FixtureRequest) -> tuple[str, ...]:
    given: tuple[str, ...] = request.param
    return given


def test_says_identical_of_one_source_in_two_directories(go: Go, tmp_path: Path) -> None:
    pair = [go.build(write_tree(tmp_path / name, SERVICE), tmp_path / f"{name}.out", "-trimpath") for name in ("one", "two")]
    assert explain(*pair) == Explanation(True, (), ())


def test_names_the_directory(go: Go, tmp_path: Path, strip: tuple[str, ...]) -> None:
    pair = [go.build(write_tree(tmp_path / name, SERVICE), tmp_path / f"{name}.out", *strip) for name in ("one", "two")]
    assert _kinds(explain(*pair)) == [("path", str(tmp_path / "one"))]


def test_names_the_toolchain(toolchain: Callable[[str], Go], tmp_path: Path, strip: tuple[str, ...]) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    pair = [toolchain(version).build(module, tmp_path / version, "-trimpath", *strip) for version in VERSIONS[-2:]]
    found = explain(*pair)
    assert _kinds(found) == [("toolchain", "go version")]
    assert [found.causes[0].a, found.causes[0].b] == [f"go{version}" for version in VERSIONS[-2:]]


def test_names_the_build_tag(go: Go, tmp_path: Path, strip: tuple[str, ...]) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    pair = [go.build(module, tmp_path / "a", "-trimpath", *strip), go.build(module, tmp_path / "b", "-trimpath", "-tags=extra", *strip)]
    assert _kinds(explain(*pair)) == [("build-tag", "-tags")]


@pytest.mark.parametrize("trim", [(), ("-trimpath",)])
@pytest.mark.parametrize("values", [("v1.0.0", "v1.0.1"), ("", "v1.0.1")])
def test_names_the_linker_variable(go: Go, tmp_path: Path, trim: tuple[str, ...], values: tuple[str, str]) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    flags = [f"-ldflags=-X main.version={value}" if value else "-ldflags=" for value in values]
    pair = [go.build(module, tmp_path / f"{index}", *trim, flag) for index, flag in enumerate(flags)]
    assert _kinds(explain(*pair)) == [("ldflag", "-X main.version")]


@pytest.mark.parametrize(("old", "new"), [("v1.0.0", "v1.0.1"), ("", "9.9")])
def test_names_the_linker_variable_of_a_stripped_program(go: Go, tmp_path: Path, old: str, new: str) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    pair = [go.build(module, tmp_path / f"v{v}", "-trimpath", f"-ldflags=-s -w {f'-X main.version={v}' if v else ''}") for v in (old, new)]
    (cause,) = explain(*pair).causes
    assert (cause.kind, cause.a, cause.b) == ("ldflag", f'"{old or "dev"}"', f'"{new}"')


def test_names_the_commit(go: Go, tmp_path: Path, strip: tuple[str, ...]) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    git(module, "init", "-q")
    git(module, "add", ".")
    git(module, "commit", "-qm", "first")
    one = go.build(module, tmp_path / "a", "-trimpath", *strip)
    git(module, "commit", "-q", "--allow-empty", "-m", "second", when="2026-01-03T00:00:00Z")
    two = go.build(module, tmp_path / "b", "-trimpath", *strip)
    assert _kinds(explain(one, two)) == [("vcs", "vcs.revision")]
    (module / "stray").touch()
    three = go.build(module, tmp_path / "c", "-trimpath", *strip)
    (cause,) = explain(two, three).causes
    assert cause.kind == "vcs"
    assert cause.b.endswith("modified")


def test_names_the_missing_tag(newest: Go, tmp_path: Path) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    git(module, "init", "-q")
    git(module, "add", ".")
    git(module, "commit", "-qm", "first")
    # With GOPROXY=off Go keeps the pseudo-version that its module cache knows from before the tag.
    proxy = file_proxy(tmp_path / "proxy", {})
    one = newest.build(module, tmp_path / "a", "-trimpath", GOPROXY=proxy)
    git(module, "tag", "v1.2.3")
    two = newest.build(module, tmp_path / "b", "-trimpath", GOPROXY=proxy)
    (cause,) = explain(one, two).causes
    assert (cause.kind, cause.at, cause.b) == ("version-stamp", "mod", "v1.2.3")
    assert newest.build(module, tmp_path / "c", "-trimpath", GOPROXY="off").read_bytes() == one.read_bytes()


@pytest.mark.parametrize(("name", "kind", "at"), [("page.html", "embedded-file", "page.html"), ("note.txt", "embedded-file", "main.note")])
def test_names_the_embedded_file(go: Go, tmp_path: Path, name: str, kind: str, at: str) -> None:
    one = go.build(write_tree(tmp_path / "m", SERVICE), tmp_path / "a", "-trimpath")
    two = go.build(write_tree(tmp_path / "m", {name: "<h1>quite another</h1>\n"}), tmp_path / "b", "-trimpath")
    (cause,) = explain(one, two).causes
    assert cause.kind == kind
    assert cause.at.startswith(at)


@pytest.mark.parametrize("name", ["page.html", "note.txt"])
def test_names_the_embedded_file_of_a_stripped_program(go: Go, tmp_path: Path, name: str) -> None:
    one = go.build(write_tree(tmp_path / "m", SERVICE), tmp_path / "a", "-trimpath", "-ldflags=-s -w")
    two = go.build(write_tree(tmp_path / "m", {name: "<h1>quite another</h1>\n"}), tmp_path / "b", "-trimpath", "-ldflags=-s -w")
    assert [cause.kind for cause in explain(one, two).causes] == ["embedded-file"]


def test_names_the_processor_level(go: Go, tmp_path: Path, strip: tuple[str, ...]) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    pair = [go.build(module, tmp_path / level, "-trimpath", *strip, GOAMD64=level, GOARCH="amd64") for level in ("v1", "v3")]
    assert _kinds(explain(*pair)) == [("goamd64", "GOAMD64")]


def test_names_the_godebug_default(newest: Go, tmp_path: Path, strip: tuple[str, ...]) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    one = newest.build(module, tmp_path / "a", "-trimpath", *strip)
    write_tree(module, {"debug.go": "//go:debug panicnil=1\npackage main\n"})
    two = newest.build(module, tmp_path / "b", "-trimpath", *strip)
    assert _kinds(explain(one, two)) == [("godebug", "DefaultGODEBUG")]


def test_names_the_version_of_a_module(go: Go, tmp_path: Path, strip: tuple[str, ...]) -> None:
    proxy = file_proxy(tmp_path / "proxy", {("example.com/dep", "v1.0.0"): DEP, ("example.com/dep", "v1.1.0"): DEP_2})
    module = write_tree(tmp_path / "m", WITH_DEP)
    pair = []
    for version in ("v1.0.0", "v1.1.0"):
        go.run(module, "get", f"example.com/dep@{version}", GOPROXY=proxy)
        pair.append(go.build(module, tmp_path / version, "-trimpath", *strip, GOPROXY=proxy))
    (cause,) = explain(*pair).causes
    assert (cause.kind, cause.at, cause.a, cause.b) == ("module-version", "example.com/dep", "v1.0.0", "v1.1.0")


def test_names_the_replaced_module(go: Go, tmp_path: Path, strip: tuple[str, ...]) -> None:
    proxy = file_proxy(tmp_path / "proxy", {("example.com/dep", "v1.0.0"): DEP})
    module = write_tree(tmp_path / "m", WITH_DEP)
    write_tree(tmp_path / "local", DEP_2)
    go.run(module, "get", "example.com/dep@v1.0.0", GOPROXY=proxy)
    one = go.build(module, tmp_path / "a", "-trimpath", *strip, GOPROXY=proxy)
    go.run(module, "mod", "edit", "-replace=example.com/dep=../local")
    two = go.build(module, tmp_path / "b", "-trimpath", *strip, GOPROXY=proxy)
    assert _kinds(explain(one, two)) == [("replaced-module", "example.com/dep")]


@pytest.mark.parametrize(
    ("was", "becomes", "at"),
    [
        ('"hello "', '"howdy "', "example.com/svc/greet.Hello"),
        ('"hello "', '"good morning "', "example.com/svc/greet.Hello"),
        ("strings.ToUpper", "strings.ToLower", "example.com/svc/greet.Hello"),
        ("func Hello", "\n\nfunc Hello", "example.com/svc/greet.Hello"),
    ],
)
def test_names_the_function(go: Go, tmp_path: Path, strip: tuple[str, ...], was: str, becomes: str, at: str) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    one = go.build(module, tmp_path / "a", "-trimpath", *strip)
    write_tree(module, {"greet/greet.go": SERVICE["greet/greet.go"].replace(was, becomes)})
    two = go.build(module, tmp_path / "b", "-trimpath", *strip)
    (cause,) = explain(one, two).causes
    assert cause.kind == "source"
    assert cause.at.startswith(at + " ("), cause


@pytest.mark.parametrize("version", [VERSIONS[0], NEWEST])
@pytest.mark.parametrize(
    ("goos", "goarch", "flags"),
    [
        ("darwin", "arm64", ()),
        ("windows", "amd64", ()),
        ("linux", "arm64", ()),
        ("linux", "amd64", ("-buildmode=pie",)),
        ("linux", "386", ()),
    ],
)
def test_names_the_same_things_in_other_formats(
    toolchain: Callable[[str], Go], tmp_path: Path, version: str, goos: str, goarch: str, flags: tuple[str, ...]
) -> None:
    def built(name: str, files: dict[str, str], *more: str) -> Path:
        module = write_tree(tmp_path / "m", SERVICE | files)
        return toolchain(version).build(module, tmp_path / name, "-trimpath", *flags, *more, GOOS=goos, GOARCH=goarch)

    base = built("base", {})
    greeting = {"greet/greet.go": SERVICE["greet/greet.go"].replace('"hello "', '"howdy "')}
    moved = {"greet/greet.go": SERVICE["greet/greet.go"].replace("func Hello", "\n\nfunc Hello")}
    for name, kind, other in (
        ("x", "ldflag", built("x", {}, "-ldflags=-X main.version=v1.0.1")),
        ("string", "source", built("string", greeting)),
        ("lines", "source", built("lines", moved)),
        ("page", "embedded-file", built("page", {"page.html": "<h1>two and three</h1>"})),
        ("note", "embedded-file", built("note", {"note.txt": "another\nnote"})),
    ):
        (cause,) = explain(base, other).causes
        assert (name, cause.kind) == (name, kind)
        assert name != "lines" or "greet.Hello" in cause.at
        # 386 holds absolute addresses: only sizes and lines are compared there.
        assert name != "string" or goarch == "386" or cause.b == '"howdy "'


def test_never_crashes_on_broken_binaries(newest: Go, tmp_path: Path) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    chance = random.Random(11)
    for goos, goarch in (("linux", "amd64"), ("darwin", "arm64"), ("windows", "amd64")):
        whole = newest.build(module, tmp_path / goos, "-trimpath", GOOS=goos, GOARCH=goarch)
        data = whole.read_bytes()
        with opened_image(whole) as image:
            tables = [s for s in image.executable.sections if s.size and s.name not in (".text", "__text")]
            places = [(s.offset, min(s.size, 4096)) for s in tables] + [(0, 4096)] * 4
        for _ in range(60):
            broken = bytearray(data)
            for _ in range(chance.randrange(1, 40)):
                start, size = chance.choice(places)
                broken[(start + chance.randrange(size)) % len(broken)] = chance.choice((0, 0xFF, 0x80, chance.randrange(256)))
            if chance.random() < 0.2:
                del broken[chance.randrange(4096, len(broken)) :]
            other = tmp_path / "broken"
            other.write_bytes(broken)
            for pair in ((whole, other), (other, whole)):
                with contextlib.suppress(UserError):
                    explain(*pair)


def test_names_the_c_object_when_nothing_is_recorded(go: Go, tmp_path: Path) -> None:
    need(shutil.which("gcc") is not None, "gcc", "apt install gcc libc6-dev")
    module = write_tree(tmp_path / "m", WITH_C)
    pair = [go.build(module, tmp_path / f"o{level}", "-trimpath", CGO_ENABLED="1", CGO_CFLAGS=f"-O{level}") for level in "02"]
    (cause,) = explain(*pair).causes
    assert cause.kind == "cgo"
    assert "twice" in cause.at


def test_names_cgo_itself(go: Go, tmp_path: Path) -> None:
    need(shutil.which("gcc") is not None, "gcc", "apt install gcc libc6-dev")
    module = write_tree(tmp_path / "m", SERVICE | {"net.go": 'package main\n\nimport _ "net"\n'})
    pair = [go.build(module, tmp_path / f"c{on}", "-trimpath", CGO_ENABLED=on) for on in "01"]
    assert _kinds(explain(*pair)) == [("cgo", "CGO_ENABLED")]


def test_says_when_stripping_is_the_difference(go: Go, tmp_path: Path) -> None:
    module = write_tree(tmp_path / "m", SERVICE)
    pair = [go.build(module, tmp_path / "a", "-trimpath"), go.build(module, tmp_path / "b", "-trimpath", "-ldflags=-s -w")]
    assert _kinds(explain(*pair)) == [("flag", "-ldflags")]
