"""What a manifest may say, and which files are gathered into one."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.errors import UserError
from steadygo.testing.cluster import manifest
from steadygo.testing.cluster.gathering import gather
from steadygo.testing.cluster.manifest import Entry, Kind, Manifest
from steadygo.testing.cluster.refused import Refused

SHA = "ab" * 32


def _file(path: str) -> Entry:
    return Entry(path, Kind.FILE, 0o644, 1, SHA)


def _link(path: str, target: str) -> Entry:
    return Entry(path, Kind.LINK, target=target)


def _folder(path: str) -> Entry:
    return Entry(path, Kind.FOLDER, 0o755)


def _off_the_wire(entries: Iterable[Entry]) -> Manifest:
    encoded = msgspec.msgpack.encode(Manifest(tuple(entries)))
    return manifest.decode(encoded, manifest.digest(encoded))


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([_file("../x")], "'..' is no name"),
        ([_file("/etc/passwd")], "absolute"),
        ([_file("")], "no name"),
        ([_file("a\0b")], "NUL"),
        ([_file("./a")], "'.' is no name"),
        ([_folder("a"), _file("a//b")], "'' is no name"),
        ([_folder("a/")], "'' is no name"),
        ([_file("x" * 256)], "too long"),
        ([_file("é" * 128)], "too long"),
        ([_file("a"), _file("a")], "there twice"),
        ([_file("a"), _link("a", "b")], "there twice"),
        ([_file("b"), _file("a")], "not sorted"),
        ([_file("a/b")], "no folder of the tree"),
        ([_file("a"), _file("a/b")], "no folder of the tree"),
        ([_link("a", "."), _file("a/b")], "no folder of the tree"),
        ([_link("a", "/etc")], "leads out"),
        ([_link("a", "..")], "leads out"),
        ([_link("a", "b/../../c")], "leads out"),
        ([_folder("d"), _folder("d/e"), _link("d/e/up", "../.."), _link("out", "d/e/up/../x")], "leads out"),
        ([_folder("d"), _link("d/top", ".."), _link("d/x", "top/../etc")], "leads out"),
        ([_link("a", "")], "target is none"),
        ([_link("a", "b\0c")], "target is none"),
        ([Entry("a", Kind.FILE, 0o4755, 1, SHA)], "no permissions"),
        ([Entry("a", Kind.FILE, -1, 1, SHA)], "no permissions"),
        ([Entry("a", Kind.FILE, 0o644, -1, SHA)], "no size"),
        ([Entry("a", Kind.FILE, 0o644, 1 << 60, SHA)], "no size"),
        ([Entry("a", Kind.FILE, 0o644, 1, "../" * 20)], "no SHA-256"),
        ([Entry("a", Kind.FILE, 0o644, 1, SHA.upper())], "no SHA-256"),
        ([Entry("a", Kind.FOLDER, 0o755, 1, SHA)], "has no content"),
        ([Entry("a", Kind.FILE, 0o644, 1, SHA, "b")], "has no target"),
    ],
)
def test_a_hostile_manifest_is_refused_with_the_path_and_the_reason(entries: list[Entry], why: str) -> None:
    with pytest.raises(Refused) as raised:
        _off_the_wire(entries)
    assert why in raised.value.sentence and repr(entries[-1].path[:200]) in raised.value.sentence


def test_links_that_stay_inside_are_kept() -> None:
    entries = [
        _folder("d"), _link("d/loop", "loop"), _link("d/none", "missing/../x"), _link("d/top", ".."), _link("here", "d/top/d"),
    ]  # fmt: skip
    assert _off_the_wire(entries).entries == tuple(entries)


_PARTS = st.sampled_from(["a", "b", "c", "..", ".", "", "A", "x\0"])
_PATHS = st.lists(_PARTS, min_size=1, max_size=5).map("/".join)
_SANE = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map("/".join)
_TARGETS = st.lists(st.sampled_from(["a", "b", "c", "..", "..", "."]), min_size=1, max_size=6).map("/".join)
_ENTRIES = st.one_of(
    st.builds(_folder, _SANE), st.builds(_link, _SANE, _TARGETS), st.builds(_file, _SANE), st.builds(_file, _PATHS),
    st.builds(_link, _PATHS, _PATHS),
)  # fmt: skip


@given(st.lists(_ENTRIES, max_size=8, unique_by=lambda e: e.path))
def test_whatever_is_let_through_stays_below_the_root(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> None:
    folders = {os.path.dirname(e.path) for e in entries}
    above = {f for folder in folders for f in [folder, os.path.dirname(folder), os.path.dirname(os.path.dirname(folder))] if f}
    taken = {e.path for e in entries}
    try:
        found = manifest.make([*entries, *(_folder(f) for f in above - taken)])
    except Refused:
        return
    root = tmp_path_factory.mktemp("root")
    for entry in found.entries:
        place = root / entry.path
        if entry.kind is Kind.FOLDER:
            place.mkdir()
        elif entry.kind is Kind.LINK:
            place.symlink_to(entry.target)
        else:
            place.write_text("x")
    for place in root.rglob("*"):
        try:
            place.stat()
        except FileNotFoundError:  # what it would be made at counts
            pass
        except OSError as error:
            assert error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG)
            continue  # nobody can follow it
        assert Path(os.path.realpath(place)).is_relative_to(root)


def test_a_link_to_itself_can_be_followed_by_nobody() -> None:
    assert manifest.make([_link("a", "a/../..")]).entries[0].target == "a/../.."


@given(st.binary(max_size=200))
def test_noise_is_no_manifest(noise: bytes) -> None:
    with pytest.raises(Refused):
        manifest.decode(b"\x00" + noise, manifest.digest(b"\x00" + noise))
    with contextlib.suppress(Refused):
        assert manifest.decode(noise, manifest.digest(noise)) == Manifest(())


def test_an_altered_manifest_is_refused_with_both_hashes() -> None:
    encoded = manifest.encode(manifest.make([_file("a")]))
    with pytest.raises(Refused) as raised:
        manifest.decode(encoded.replace(b"a", b"b", 1), manifest.digest(encoded))
    assert manifest.digest(encoded) in raised.value.sentence and "altered on its way" in raised.value.sentence


def _git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def _write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _paths(found: Manifest) -> dict[str, str]:
    return {e.path: e.kind.value for e in found.entries}


def test_git_decides_what_is_source_and_generated_files_that_go_names_come_too(tmp_path: Path) -> None:
    _write(
        tmp_path,
        **{".gitignore": "gen/\n*.log\n", "a.go": "", "gone.go": "", "gen/pb.go": "", "gen/other.go": "", "x.log": "", "new.go": ""},
    )
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", ".gitignore", "a.go", "gone.go")
    (tmp_path / "gone.go").unlink()
    found = gather([tmp_path], [tmp_path / "gen/pb.go"])
    assert found.root == tmp_path
    assert _paths(found.manifest) == {".gitignore": "file", "a.go": "file", "gen": "folder", "gen/pb.go": "file", "new.go": "file"}


def test_submodules_are_followed_and_odd_names_survive(tmp_path: Path) -> None:
    lib, svc = tmp_path / "lib", tmp_path / "svc"
    _write(lib, **{"b.go": "package b", ".gitignore": "*.o\n", "b.o": ""})
    _git(lib, "init", "-q")
    _git(lib, "add", ".")
    _git(lib, "commit", "-qm", "x")
    _write(svc, **{"-x": "", 'q"\n\té.txt': "", "testdata/Ünï": "1"})
    _git(svc, "init", "-q")
    _git(svc, "submodule", "add", "-q", str(lib), "sub")
    (svc / "sub/b.o").write_text("")
    paths = _paths(gather([svc]).manifest)
    assert paths["sub/b.go"] == "file" and "sub/b.o" not in paths
    assert {"-x", 'q"\n\té.txt', "testdata/Ünï"} <= paths.keys()
    _git(svc, "add", ".")
    _git(svc, "commit", "-qm", "y")
    _git(tmp_path, "clone", "-q", str(svc), "empty")
    assert _paths(gather([tmp_path / "empty"]).manifest)["sub"] == "folder"


def test_without_git_everything_comes_with_modes_and_empty_folders(tmp_path: Path) -> None:
    _write(tmp_path, **{"a.sh": "#!", "testdata/empty/x": ""})
    (tmp_path / "a.sh").chmod(0o755)
    (tmp_path / "testdata/empty/x").unlink()
    (tmp_path / "testdata").chmod(0o711)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    found = {e.path: (e.kind.value, e.mode) for e in gather([tmp_path]).manifest.entries}
    assert found == {"a.sh": ("file", 0o755), "testdata": ("folder", 0o711), "testdata/empty": ("folder", 0o755)}


def test_modules_beside_each_other_make_one_tree(tmp_path: Path) -> None:
    _write(tmp_path, **{"svc/go.mod": "", "lib/go.mod": "", "lib/deep/x.go": "", "else/secret": "", "go.work": ""})
    found = gather([tmp_path / "svc", tmp_path / "lib", tmp_path / "lib/deep"], [tmp_path / "go.work"])
    assert found.root == tmp_path
    assert _paths(found.manifest) == {
        "go.work": "file", "lib": "folder", "lib/deep": "folder", "lib/deep/x.go": "file", "lib/go.mod": "file", "svc": "folder",
        "svc/go.mod": "file",
    }  # fmt: skip


def test_a_tree_that_another_machine_cannot_have_is_named(tmp_path: Path) -> None:
    link = tmp_path / "passwd"
    link.symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="leads out of the tree, to /etc/passwd"):
        gather([tmp_path])
    link.unlink()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_text("")
    with pytest.raises(UserError, match="not UTF-8"):
        gather([tmp_path])


def test_equal_trees_have_equal_digests_and_a_byte_or_a_mode_makes_another(tmp_path: Path) -> None:
    for name in ("one", "two"):
        _write(tmp_path / name, **{"a": "1", "b/c": "2"})

    def digest(name: str) -> str:
        return manifest.digest(manifest.encode(gather([tmp_path / name]).manifest))

    assert digest("one") == digest("two")
    (tmp_path / "two/a").chmod(0o600)
    assert digest("one") != digest("two")
    (tmp_path / "two/a").chmod((tmp_path / "one/a").stat().st_mode)
    (tmp_path / "two/b/c").write_text("3")
    assert digest("one") != digest("two")
