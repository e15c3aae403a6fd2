"""Contents on their way to a worker, in its store, and in the trees that tests run in."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.errors import UserError
from steadygo.testing.cluster.blobs import Blobs
from steadygo.testing.cluster.gathering import Gathered, gather
from steadygo.testing.cluster.manifest import Kind, Manifest
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.cluster.shipping import MOST_MESSAGE_BYTES, Receiver, send
from steadygo.testing.cluster.trees import Trees

RANDOM = random.Random(4).randbytes(3 << 20)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for name, data in {
        "a.go": b"package a",
        "same.go": b"package a",
        "empty": b"",
        "d/big": RANDOM + b"0" * (6 << 20),
        "d/run.sh": b"#!",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "d/run.sh").chmod(0o755)
    (root / "a.go").chmod(0o440)
    (root / "d/link").symlink_to("../a.go")
    (root / "d").chmod(0o555)
    return root


class Worker:
    """A store and its trees."""

    def __init__(self, place: Path) -> None:
        self.blobs = Blobs(place / "store")
        self.trees = Trees(place / "trees", self.blobs)

    def fetch(self, found: Gathered) -> int:
        """Bytes that had to come."""
        files = found.manifest.files
        missing = self.blobs.missing(files)
        receiver, total = Receiver(self.blobs, {m: files[m] for m in missing}), 0
        for message in send(found.root, found.manifest, missing):
            receiver.take(message)
            total += len(message)
        receiver.finish()
        return total


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path / "worker")


def _same(tree: Path, manifest: Manifest) -> bool:
    return gather([tree]).manifest == manifest


def test_a_tree_arrives_as_it_is_and_contents_travel_once_and_packed(source: Path, worker: Worker) -> None:
    found = gather([source])
    assert len(RANDOM) < worker.fetch(found) < len(RANDOM) + 100_000
    with worker.trees.tree(found.manifest) as tree:
        assert _same(tree, found.manifest)
    assert worker.fetch(found) == 0
    (source / "a.go").chmod(0o640)
    (source / "a.go").write_bytes(b"package b")
    assert 0 < worker.fetch(gather([source])) < 300


def test_no_message_is_large_and_small_files_share_one(tmp_path: Path) -> None:
    for n in range(2000):
        (tmp_path / f"f{n}").write_text(str(n))
    found = gather([tmp_path])
    assert len(list(send(tmp_path, found.manifest, found.manifest.files))) == 1
    (tmp_path / "big").write_bytes(RANDOM * 2)
    found = gather([tmp_path])
    assert max(map(len, send(tmp_path, found.manifest, found.manifest.files))) < MOST_MESSAGE_BYTES


def test_tests_that_write_into_their_tree_neither_reach_the_store_nor_the_next_run(source: Path, worker: Worker, tmp_path: Path) -> None:
    found = gather([source])
    worker.fetch(found)
    with worker.trees.tree(found.manifest) as tree:
        inode = (tree / "same.go").stat().st_ino
        kept = (tree / "d/run.sh").stat().st_ctime_ns
        (tree / "d").chmod(0o755)
        (tree / "a.go").chmod(0o600)
        (tree / "a.go").write_text("POISONED!")
        (tree / "d/big").unlink()
        (tree / "d/big").mkdir()
        (tree / "d/big/x").write_text("")
        (tree / "d/link").unlink()
        (tree / "d/link").symlink_to(tmp_path)
        (tree / "empty").unlink()
        (tree / "empty").symlink_to(tmp_path / "source/a.go")
        (tree / "stale/deep").mkdir(parents=True)
        (tree / "stale/deep").chmod(0)
        (tree / os.fsdecode(b"\xff")).write_text("")
        with (tree / "same.go").open("r+b") as file:  # same length, same inode, right away
            file.write(b"PACKAGE")
        same = (tree / "same.go").stat()
        os.utime(tree / "same.go", ns=(same.st_atime_ns, 946_684_800 * 10**9))
        time.sleep(0.02)
        os.utime(tree / "same.go", ns=(same.st_atime_ns, 946_684_800 * 10**9))
        assert (tree / "same.go").stat().st_ino == inode
    with worker.trees.tree(found.manifest) as tree:
        assert _same(tree, found.manifest)
        assert (tree / "d/run.sh").stat().st_ctime_ns == kept, "what nobody touched is not written again"
    assert (tmp_path / "source/a.go").read_text() == "package a"


def test_a_smaller_tree_leaves_nothing_of_the_larger_one(source: Path, worker: Worker, tmp_path: Path) -> None:
    worker.fetch(found := gather([source]))
    with worker.trees.tree(found.manifest) as tree:
        first = tree
    (tmp_path / "small/d").mkdir(parents=True)
    (tmp_path / "small/d/big").mkdir()
    (tmp_path / "small/a.go").write_text("package a")
    worker.fetch(small := gather([tmp_path / "small"]))
    with worker.trees.tree(small.manifest) as tree:
        assert _same(tree, small.manifest)
        assert tree == first, "Go's build cache knows this path"
        with worker.trees.tree(found.manifest) as other:
            assert other != tree and _same(other, found.manifest)


def _tampered(blobs: Blobs, sha256: str, data: bytes) -> None:
    path = blobs.path(sha256)
    path.chmod(0o600)
    path.write_bytes(data)


@pytest.mark.parametrize("data", [b"package x", b"", b"package a "])
def test_a_content_altered_in_the_store_is_refused_with_both_hashes_and_thrown_out(source: Path, worker: Worker, data: bytes) -> None:
    found = gather([source])
    worker.fetch(found)
    sha256 = hashlib.sha256(b"package a").hexdigest()
    _tampered(worker.blobs, sha256, data)
    with pytest.raises(Refused) as raised, worker.trees.tree(found.manifest):
        pass
    said = raised.value.sentence
    assert "a.go was altered in this worker's store" in said and sha256 in said and hashlib.sha256(data).hexdigest() in said
    assert worker.blobs.missing(found.manifest.files) == [sha256]
    worker.fetch(found)
    with worker.trees.tree(found.manifest) as tree:
        assert _same(tree, found.manifest)


def _packets(message: bytes) -> list[list[Any]]:
    packets: list[list[Any]] = msgspec.msgpack.decode(message)
    return packets


def _taken(worker: Worker, found: Gathered, messages: list[bytes]) -> str:
    """The sentence with which the messages are refused; nothing of them may stay in the store under a wrong name."""
    receiver = Receiver(worker.blobs, found.manifest.files)
    with pytest.raises(Refused) as raised:
        for message in messages:
            receiver.take(message)
        receiver.finish()
    for path in (worker.blobs.directory / "blobs").glob("*/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert not list((worker.blobs.directory / "coming").iterdir())
    return raised.value.sentence


def test_each_way_of_tampering_on_the_way_has_its_sentence(tmp_path: Path, worker: Worker) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/f").write_bytes(RANDOM)
    found = gather([tmp_path / "source"])
    [(sha256, entry)] = found.manifest.files.items()
    [message] = send(found.root, found.manifest, [sha256])
    packets = _packets(message)
    assert [p[1] for p in packets] == [0, 1 << 20, 2 << 20]
    encode = msgspec.msgpack.encode

    flipped = bytearray(packets[1][3])
    flipped[7] ^= 1
    changed = [packets[0], [*packets[1][:3], bytes(flipped)], packets[2]]
    said = _taken(worker, found, [encode(changed)])
    assert said.startswith("f was altered on its way") and sha256 in said and said.count("SHA-256") == 1 and "announced" in said

    assert "did not arrive whole" in _taken(worker, found, [encode(packets[:2])])
    assert "before byte 2,097,152" in _taken(worker, found, [encode([packets[0], packets[2]])])
    assert "before byte 1,048,576" in _taken(worker, found, [encode(packets[1:])])
    assert "more than its 3,145,728 bytes" in _taken(worker, found, [encode([*packets[:2], [sha256, 2 << 20, False, b"x" * (1 << 21)]])])
    assert "nobody asked for" in _taken(worker, found, [encode([["../../x", 0, False, b""]])])
    bomb = zlib.compress(b"0" * (64 << 20))
    assert "does not unpack to at most" in _taken(worker, found, [encode([[sha256, 0, True, bomb]])])
    assert "does not unpack" in _taken(worker, found, [encode([[sha256, 0, True, zlib.compress(b"1") + b"2"]])])
    assert "altered on its way" in _taken(worker, found, [encode([[sha256, 0, True, b"nonsense"]])])
    assert "are the most" in _taken(worker, found, [bytes(MOST_MESSAGE_BYTES + 1)])
    assert entry.path == "f"


@given(st.binary(max_size=300))
def test_noise_on_the_way_is_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    receiver = Receiver(Blobs(tmp_path_factory.getbasetemp() / "noise"), {})
    try:
        receiver.take(noise)
        receiver.finish()
    except Refused:
        return
    assert noise == msgspec.msgpack.encode([])


def test_a_file_that_changes_while_it_is_sent_is_said_here(source: Path) -> None:
    found = gather([source])
    (source / "a.go").chmod(0o600)
    for data in (b"package b", b"package a and more", b"pack"):
        (source / "a.go").write_bytes(data)
        (source / "same.go").write_bytes(data)
        with pytest.raises(UserError, match="changed while it was being sent"):
            list(send(found.root, found.manifest, found.manifest.files))
    (source / "a.go").unlink()
    (source / "same.go").unlink()
    with pytest.raises(UserError, match="cannot be read any more"):
        list(send(found.root, found.manifest, found.manifest.files))


def test_old_contents_go_first_and_those_in_use_stay(tmp_path: Path, worker: Worker) -> None:
    (tmp_path / "source").mkdir()
    for n in range(4):
        (tmp_path / f"source/{n}").write_bytes(bytes([n]) * 1000)
    found = gather([tmp_path / "source"])
    worker.fetch(found)
    by_name = {e.path: e.sha256 for e in found.manifest.entries}
    for n in range(4):
        os.utime(worker.blobs.path(by_name[str(n)]), (n, n))
    assert worker.blobs.prune(10_000) == 0
    with worker.blobs.pinned([by_name["0"]]):
        assert worker.blobs.prune(2500) == 2000
        assert worker.blobs.missing(by_name.values()) == sorted([by_name["1"], by_name["2"]])
    assert worker.blobs.prune(0) == 2000
    assert not list((worker.blobs.directory / "pins").iterdir())


def _hold_and_die(store: Path, ready: Any) -> None:
    blobs = Blobs(store)
    with blobs.pinned(["ab" * 32]):
        blobs.arriving("ab" * 32, 5, "x").feed(b"123")
        ready.put(1)
        os._exit(9)


def _fetch(place: Path, source: Path, rounds: int, told: Any) -> None:
    worker, found = Worker(place), gather([source])
    worker.trees = Trees(place / f"trees-{os.getpid()}", worker.blobs)
    for _ in range(rounds):
        with worker.blobs.pinned(found.manifest.files):
            worker.fetch(found)
            with worker.trees.tree(found.manifest) as tree:
                assert _same(tree, found.manifest)
        worker.blobs.prune(0)
    told.put(rounds)


def test_what_a_killed_worker_left_is_cleared_away(worker: Worker) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Queue()
    dying = spawn.Process(target=_hold_and_die, args=(worker.blobs.directory, ready))
    dying.start()
    dying.join(60)
    assert len(list((worker.blobs.directory / "coming").iterdir())) == 1
    worker.blobs.prune(0)
    assert not list((worker.blobs.directory / "coming").iterdir()) and not list((worker.blobs.directory / "pins").iterdir())


def test_two_workers_share_a_store_while_both_prune_it(source: Path, worker: Worker, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    told = spawn.Queue()
    workers = [spawn.Process(target=_fetch, args=(tmp_path / "worker", source, 8, told)) for _ in range(2)]
    for one in workers:
        one.start()
    assert [told.get(timeout=120) for _ in workers] == [8, 8]
    for one in workers:
        one.join(60)
        assert one.exitcode == 0


def test_a_full_disk_is_said_and_leaves_no_half_content(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, text=True)
    if mounted.returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"a small file system needs root: {mounted.stderr.strip()}")
    try:
        worker, found = Worker(place), gather([source])
        with pytest.raises(Refused, match=r"disk of this worker is full: .*Make room"):
            worker.fetch(found)
        assert not list((worker.blobs.directory / "coming").iterdir())
        big = next(e for e in found.manifest.entries if e.path == "d/big")
        assert worker.blobs.missing([big.sha256]) == [big.sha256]
        (source / "d").chmod(0o755)
        (source / "d/big").write_bytes(RANDOM)
        small = gather([source])
        worker.fetch(small)
        for _ in range(2):
            with pytest.raises(Refused, match="disk of this worker is full"), worker.trees.tree(small.manifest):
                pass
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_store_that_cannot_be_made_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        Blobs(tmp_path / "file" / "store")


def test_a_large_file_never_sits_in_memory(tmp_path: Path) -> None:
    code = f"""
import resource, sys
from pathlib import Path
from steadygo.testing.cluster.blobs import Blobs
from steadygo.testing.cluster.gathering import gather
from steadygo.testing.cluster.shipping import Receiver, send
from steadygo.testing.cluster.trees import Trees
base = Path({str(tmp_path)!r})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(base / "s").mkdir()
with (base / "s/f").open("wb") as f:
    for n in range(100):
        f.write(bytes([n]) * (1 << 20))
found = gather([base / "s"])
blobs = Blobs(base / "b")
receiver = Receiver(blobs, found.manifest.files)
for message in send(found.root, found.manifest, found.manifest.files):
    receiver.take(message)
receiver.finish()
with Trees(base / "t", blobs).tree(found.manifest) as tree:
    assert (tree / "f").stat().st_size == 100 << 20
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(said.stdout) < 40_000, "KiB beyond what Python itself takes"


def test_a_kind_that_changed_is_put_right(worker: Worker, tmp_path: Path) -> None:
    shapes: list[dict[str, Kind]] = [
        {"x": Kind.FILE}, {"x": Kind.FOLDER}, {"x": Kind.LINK}, {"x": Kind.FOLDER}, {"x": Kind.LINK}, {"x": Kind.FILE},
    ]  # fmt: skip
    for number, shape in enumerate(shapes):
        root = tmp_path / str(number)
        root.mkdir()
        for name, kind in shape.items():
            if kind is Kind.FILE:
                (root / name).write_text("1")
            elif kind is Kind.FOLDER:
                (root / name).mkdir()
                (root / name / "in").write_text("2")
            else:
                (root / name).symlink_to("y")
        found = gather([root])
        worker.fetch(found)
        with worker.trees.tree(found.manifest) as tree:
            assert _same(tree, found.manifest)


def test_a_damaged_index_is_none(source: Path, worker: Worker, tmp_path: Path) -> None:
    found = gather([source])
    worker.fetch(found)
    for damage in (b"\x81\xa2\xff\xfe\xc0", b"\xc1", b""):
        with worker.trees.tree(found.manifest):
            pass
        (tmp_path / "worker/trees/0/index").write_bytes(damage)
        with worker.trees.tree(found.manifest) as tree:
            assert _same(tree, found.manifest)
