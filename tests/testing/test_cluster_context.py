"""Signed assignments: what a worker takes, and everything that it refuses."""

from __future__ import annotations

import datetime
import multiprocessing
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from steadygo.testing.cluster import context
from steadygo.testing.cluster.context import Assignment, Own, accept, sign
from steadygo.testing.cluster.memory import Seen
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.compare import Stated

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
MINUTES = datetime.timedelta(minutes=10)
ASSIGNMENT = Assignment(
    run="1a2b3c4d",
    shard="5e" * 16,
    attempt=1,
    package="example.com/svc/db",
    tests=("TestA", "TestB"),
    flags=("-race",),
    variables={"TZ": "Europe/Berlin"},
    source="ab" * 32,
    fingerprint="{}",
    issued=NOW,
    expires=NOW + MINUTES,
    worker="b",
)


class _Forgetful:
    def is_new(self, *_: object) -> bool:
        return True


def _own(*differences: Stated) -> Own:
    return Own("b", _Forgetful(), lambda _: differences)


def _changed(**values: Any) -> bytes:
    return sign(msgspec.structs.replace(ASSIGNMENT, **values), KEY)


def _sentence(signed: bytes, own: Own | None = None, now: datetime.datetime = NOW) -> str:
    with pytest.raises(Refused) as raised:
        accept(signed, KEY.public_key(), own or _own(), now)
    return raised.value.sentence


def test_what_the_client_signed_arrives_as_it_was() -> None:
    assert accept(sign(ASSIGNMENT, KEY), KEY.public_key(), _own(), NOW) == ASSIGNMENT
    assert accept(_changed(worker=""), KEY.public_key(), _own(), NOW).worker == ""


def test_another_key_and_a_forged_signature_are_told_apart() -> None:
    assert "of another cluster" in _sentence(sign(ASSIGNMENT, OTHER))
    mine = sign(ASSIGNMENT, KEY)
    forged = mine[:36] + sign(ASSIGNMENT, OTHER)[36:100] + mine[100:]
    assert "signature does not hold: it was forged" in _sentence(forged)


@given(st.integers(0), st.integers(1, 255))
def test_no_byte_can_be_altered(place: int, by: int) -> None:
    signed = bytearray(sign(ASSIGNMENT, KEY))
    signed[place % len(signed)] ^= by
    assert _sentence(bytes(signed))


@given(st.binary(max_size=400), st.integers(0, 400))
def test_noise_and_what_was_cut_off_are_refused(noise: bytes, length: int) -> None:
    assert _sentence(noise)
    assert _sentence(sign(ASSIGNMENT, KEY)[:length])
    assert _sentence(b"SGA1" + noise)


@given(st.binary(min_size=1, max_size=300))
def test_a_signed_text_that_is_no_assignment_is_refused_without_a_traceback(payload: bytes) -> None:
    public = KEY.public_key()
    signed = b"SGA1" + context.key_id(public) + KEY.sign(b"steadygo assignment 1\0" + payload) + payload
    assert "cannot be read" in _sentence(signed)


def test_a_signature_for_another_purpose_is_none_here() -> None:
    payload = msgspec.msgpack.encode(ASSIGNMENT)
    assert "does not hold" in _sentence(b"SGA1" + context.key_id(KEY.public_key()) + KEY.sign(payload) + payload)


def test_a_wrong_clock_is_named_with_how_far_it_is_off() -> None:
    behind = _sentence(sign(ASSIGNMENT, KEY), now=NOW - datetime.timedelta(hours=3))
    assert "signed 3.0 h from now: this worker's clock is behind" in behind
    ahead = _sentence(sign(ASSIGNMENT, KEY), now=NOW + datetime.timedelta(minutes=15))
    assert "expired 5 min ago" in ahead and "clock is ahead of the client's by up to 15 min" in ahead
    for seconds in (-30, 0, 600):
        accept(sign(ASSIGNMENT, KEY), KEY.public_key(), _own(), NOW + datetime.timedelta(seconds=seconds))
    for seconds in (-31, 601):
        assert _sentence(sign(ASSIGNMENT, KEY), now=NOW + datetime.timedelta(seconds=seconds))


def test_an_assignment_for_another_worker_is_refused() -> None:
    assert "is for worker c, and this is b" in _sentence(_changed(worker="c"))


@pytest.mark.parametrize(
    "values",
    [
        {"attempt": 0},
        {"package": ""},
        {"package": "-exec=sh"},
        {"tests": ("a\0b",)},
        {"place": "../x"},
        {"directory": "/etc"},
        {"variables": {"A=B": "c"}},
        {"variables": {"": "c"}},
        {"source": "../../etc/passwd"},
        {"source": "AB" * 32},
        {"expires": NOW},
        {"issued": NOW.replace(tzinfo=None), "expires": (NOW + MINUTES).replace(tzinfo=None)},
    ],
)
def test_a_signed_assignment_must_make_sense_too(values: dict[str, Any]) -> None:
    assert _sentence(_changed(**values))


REFUSING = [
    Stated("go.version", "go1.26.5", "go1.25.5", True, "another toolchain"),
    Stated("go.env.GOARCH", "amd64", "arm64", True, "other binaries"),
    Stated("go.env.CGO_ENABLED", "1", "0", True, "net and os/user differ"),
    Stated("go.env.GOFLAGS", "", "-race", True, "added to every go command"),
    Stated("time.zone", "Europe/Berlin", "UTC", True, "time.Local differs"),
    Stated("process.umask", "0022", "0077", True, "other permissions"),
    Stated("process.user", "1000", "0", True, "root may do everything"),
]
LET_PASS = [
    Stated("process.user", "1000", "1001", True, "another user"),
    Stated("cpu.count", "2", "16", True, "GOMAXPROCS starts at another value"),
    Stated("go.maxprocs", "2", "16", True, "throughput"),
    Stated("kernel.release", "6.1", "6.18", False, "another kernel"),
    Stated("time.tzdata", "2025a", "2025b", True, "rules of changed zones differ"),
    Stated("env.PATH", "/bin", "/usr/bin", True, "programs started by name"),
]


@pytest.mark.parametrize("stated", REFUSING, ids=lambda s: s.key)
def test_a_difference_that_changes_what_tests_mean_is_refused_with_both_values(stated: Stated) -> None:
    said = _sentence(sign(ASSIGNMENT, KEY), _own(stated))
    assert said.startswith(f"b does not run it: {stated.key} is ") and stated.why in said


@pytest.mark.parametrize("stated", LET_PASS, ids=lambda s: f"{s.key}-{s.b}")
def test_a_difference_that_machines_have_is_let_pass(stated: Stated) -> None:
    assert accept(sign(ASSIGNMENT, KEY), KEY.public_key(), _own(stated), NOW) == ASSIGNMENT


def test_a_replay_is_refused_and_a_new_attempt_is_not(tmp_path: Path) -> None:
    own = Own("b", Seen(tmp_path / "seen"), lambda _: ())
    accept(sign(ASSIGNMENT, KEY), KEY.public_key(), own, NOW)
    assert "it is a replay" in _sentence(sign(ASSIGNMENT, KEY), own)
    restarted = Own("b", Seen(tmp_path / "seen"), lambda _: ())
    assert "it is a replay" in _sentence(sign(ASSIGNMENT, KEY), restarted)
    accept(_changed(attempt=2), KEY.public_key(), restarted, NOW)


def test_what_was_refused_for_its_context_may_come_again_once_that_is_mended(tmp_path: Path) -> None:
    seen = Seen(tmp_path / "seen")
    assert _sentence(sign(ASSIGNMENT, KEY), Own("b", seen, lambda _: [REFUSING[0]]))
    accept(sign(ASSIGNMENT, KEY), KEY.public_key(), Own("b", seen, lambda _: ()), NOW)


def _ask(file: Path, attempts: Iterable[int], found: Any) -> None:
    found.put(sum(Seen(file).is_new("run", "shard", n, NOW + MINUTES, NOW) for n in attempts))


def test_two_workers_of_a_host_never_both_take_one(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    found = spawn.Queue()
    workers = [spawn.Process(target=_ask, args=(tmp_path / "seen", range(300), found)) for _ in range(2)]
    for worker in workers:
        worker.start()
    total = sum(found.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert total == 300


def test_the_memory_forgets_what_expired_and_survives_a_half_written_line(tmp_path: Path) -> None:
    file = tmp_path / "seen"
    seen = Seen(file, most_bytes=5000)
    for n in range(300):
        seen.is_new("run", "shard", n, NOW, NOW)
    assert file.stat().st_size > 5000, "what has not expired is kept"
    file.write_bytes(file.read_bytes() + b'[17634,"ru')
    assert seen.is_new("run", "shard", 1, NOW + 3 * MINUTES, NOW + MINUTES)
    assert not seen.is_new("run", "shard", 1, NOW + 3 * MINUTES, NOW + MINUTES)
    assert file.stat().st_size < 500


def test_a_memory_that_cannot_be_written_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        Seen(tmp_path / "missing" / "seen").is_new("run", "shard", 1, NOW + MINUTES, NOW)
