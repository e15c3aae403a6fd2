"""What became of a directory, in all kinds of files."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from steadygo.testing.leftovers.changes import Change, How, compared, fresh, state


def test_a_fresh_directory_shows_all_but_what_was_given(tmp_path: Path) -> None:
    for name in ("given/below", "new/deep", "cache/go-build"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "new/deep/a").write_bytes(b"12345")
    (tmp_path / "new/b").write_bytes(b"1")
    (tmp_path / "given/c").write_bytes(b"")
    (tmp_path / "cache/go-build/x").write_bytes(b"")
    os.symlink("nowhere", tmp_path / "link")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "sock"))
        found = fresh(tmp_path, {"given", "given/below"}, {"cache/go-build"})
    assert [(c.path, c.directory, c.files) for c in found] == [
        ("given/c", False, 1),
        ("link", False, 1),
        ("new", True, 2),
        ("sock", False, 1),
    ]
    assert found[2].size == 6


def test_compares_two_states(tmp_path: Path) -> None:
    for name in ("same", "changed", "gone", "old/a", "old/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    before = state(tmp_path)
    (tmp_path / "changed").write_text("otherwise")
    (tmp_path / "gone").unlink()
    for name in ("a", "b"):
        (tmp_path / "old" / name).unlink()
    (tmp_path / "old").rmdir()
    (tmp_path / "new/deep").mkdir(parents=True)
    (tmp_path / "new/deep/x").write_text("x")
    (tmp_path / "same").chmod(0o600)
    assert compared(tmp_path, before, state(tmp_path)) == [
        Change("changed", How.CHANGED, size=9),
        Change("gone", How.DELETED),
        Change("new", How.CREATED, True, 1, 1),
        Change("old", How.DELETED, True),
        Change("same", How.CHANGED, size=4),
    ]
    assert compared(tmp_path, state(tmp_path), state(tmp_path)) == []


NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@given(st.sets(NAMES), st.sets(NAMES))
def test_every_path_is_told_once(one: set[str], two: set[str]) -> None:
    def closed(paths: set[str]) -> dict[str, tuple[int, int, int, int]]:
        return {"/".join(p.split("/")[: i + 1]): (0o40755, 0, 0, 0) for p in paths for i in range(len(p.split("/")))}

    before, after = closed(one), closed(two)
    found = compared(Path("/nonexistent"), before, after)
    for path in before.keys() ^ after.keys():
        covering = [c for c in found if path == c.path or path.startswith(f"{c.path}/")]
        assert len(covering) == 1
        assert covering[0].how is (How.DELETED if path in before else How.CREATED)
    assert all(c.path in before.keys() ^ after.keys() for c in found)
