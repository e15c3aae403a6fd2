"""Build information, held against `go version -m` of the toolchains themselves."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from go_builds import NEWEST, TINY, VERSIONS, Go, git, write_tree
from hypothesis import given
from hypothesis import strategies as st

from steadygo.build.buildinfo import Module, NotGo, parse, read, read_from
from steadygo.build.executable import NotExecutable, load
from steadygo.errors import UserError

TARGETS = [("linux", "amd64"), ("darwin", "arm64"), ("windows", "amd64"), ("linux", "386"), ("linux", "s390x")]


def _says(go: Go, binary: Path) -> tuple[str, list[str]]:
    first, *rest = go.run(binary.parent, "version", "-m", str(binary)).splitlines()
    return first.removeprefix(f"{binary}: "), [line.removeprefix("\t") for line in rest]


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("goos", "goarch"), TARGETS[:3])
def test_equals_go_version_line_by_line(toolchain: Callable[[str], Go], tmp_path: Path, version: str, goos: str, goarch: str) -> None:
    go = toolchain(version)
    module = write_tree(tmp_path / "m", TINY)
    git(module, "init", "-q")
    git(module, "add", ".")
    git(module, "commit", "-qm", "first")
    binary = go.build(
        module, tmp_path / "out", "-ldflags=-X 'main.version=a \"b\" `c`\tπ\u200b'", "-tags=x,y", "-gcflags=-N -l", GOOS=goos, GOARCH=goarch
    )
    info = read(binary)
    assert (info.go_version, info.lines()) == _says(toolchain(NEWEST), binary)
    assert info.go_minor == int(version.split(".")[1])
    assert info.setting("vcs.revision")


@pytest.mark.slow
@pytest.mark.parametrize(("goos", "goarch"), TARGETS[3:])
@pytest.mark.parametrize("flags", [(), ("-trimpath", "-ldflags=-s -w", "-buildvcs=false")])
def test_reads_other_word_sizes_and_byte_orders(newest: Go, tmp_path: Path, goos: str, goarch: str, flags: tuple[str, ...]) -> None:
    binary = newest.build(write_tree(tmp_path / "m", TINY), tmp_path / "out", *flags, GOOS=goos, GOARCH=goarch)
    info = read(binary)
    assert (info.go_version, info.lines()) == _says(newest, binary)


@pytest.mark.slow
def test_never_crashes_on_two_thousand_broken_binaries(newest: Go, tmp_path: Path) -> None:
    module = write_tree(tmp_path / "m", TINY)
    chance = random.Random(7)
    for goos, goarch in TARGETS[:4]:
        whole = newest.build(module, tmp_path / goos, "-ldflags=-s -w", GOOS=goos, GOARCH=goarch).read_bytes()
        blob = whole.find(b"\xff Go buildinf:")
        for _ in range(500):
            data = bytearray(whole)
            # Headers and the blob are where a reader can be led astray; the rest is never looked at.
            for _ in range(chance.randrange(1, 12)):
                place = chance.choice((chance.randrange(0, 2048), blob + chance.randrange(0, 200), chance.randrange(len(data))))
                data[place] = chance.choice((0, 0xFF, 0x7F, 0x80, chance.randrange(256)))
            if chance.random() < 0.2:
                del data[chance.randrange(len(data)) :]
            try:
                read_from(load(memoryview(data))).lines()
            except (NotGo, NotExecutable):
                continue


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\x7fELF\x02\x01", b"\x7fELF\x01\x02", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"])
)
def test_never_crashes_on_arbitrary_bytes(data: bytes, start: bytes) -> None:
    with contextlib.suppress(NotGo, NotExecutable):
        read_from(load(memoryview(start + data)))


@given(st.text(max_size=300))
def test_never_crashes_on_arbitrary_module_text(text: str) -> None:
    with contextlib.suppress(NotGo):
        parse("go1.27.3", text + "\n").lines()


def test_reads_replacements_and_quoted_settings() -> None:
    info = parse(
        "go1.21.0",
        'path\ta/b\nmod\ta\tv1.0.0\t\ndep\tc\tv1.2.3\n=>\t../c\t(devel)\t\nbuild\t-ldflags="-X \\"a b\\"\\x41"\nbuild\t-tags=x\n',
    )
    assert info.deps == (Module("c", "v1.2.3", "", Module("../c", "(devel)", "")),)
    assert info.setting("-ldflags") == '-X "a b"A'
    assert info.lines()[2:4] == ["dep\tc\tv1.2.3", "=>\t../c\t(devel)\t"]


@pytest.mark.parametrize("text", ["mod\tonly\n", "=>\ta\tb\tc\n", "build\t=x\n", "build\tkey\n", 'build\ta="x\n', 'build\ta="\\q"\n'])
def test_refuses_what_go_refuses(text: str) -> None:
    with pytest.raises(NotGo):
        parse("go1.27.3", text)


def test_says_in_one_sentence_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "script").write_text("#!/bin/sh\n")
    for name in ("empty", "script", "missing"):
        with pytest.raises(UserError, match=name):
            read(tmp_path / name)
