"""What a client ships to a worker for a run, which variables go with it, and how two machines are compared."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from go_tests import Bench

from steadygo.commands.cluster import surroundings
from steadygo.environment.fingerprint import decode
from steadygo.testing.cluster import context, depot, manifest, variables
from steadygo.testing.cluster.delivering import Consignment
from steadygo.testing.cluster.depot import Depot
from steadygo.testing.cluster.gathering import Gathered, gather
from steadygo.testing.cluster.messages import Receipt
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.cluster.shipping import send


@pytest.fixture
def found(tmp_path: Path) -> Gathered:
    (tmp_path / "source").mkdir()
    for n in range(3):
        (tmp_path / f"source/{n}").write_bytes(bytes([n]) * 1000)
    return gather([tmp_path / "source"])


def _offer(place: Depot, run: str, found: Gathered) -> tuple[str, list[str]]:
    encoded = manifest.encode(found.manifest)
    digest, missing = manifest.digest(encoded), list[str]()
    for part in depot.parts(encoded):
        missing = place.offer(run, digest, **part)
    return digest, missing


def test_a_second_run_asks_for_nothing(tmp_path: Path, found: Gathered) -> None:
    place = Depot(tmp_path / "depot", 1 << 30)
    digest, missing = _offer(place, "r1", found)
    assert missing == sorted(found.manifest.files)
    for message in send(found.root, found.manifest, missing):
        place.take("r1", digest, message)
    with place.tree("r1", digest) as tree:
        assert gather([tree]).manifest == found.manifest
    place.forget("r1")
    assert _offer(place, "r2", found) == (digest, [])
    with place.tree("r2", digest) as tree:
        assert (tree / "2").read_bytes() == b"\2" * 1000


def test_a_manifest_in_many_parts_and_one_begun_anew_arrive_whole(tmp_path: Path, found: Gathered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depot, "PART_BYTES", 7)
    place = Depot(tmp_path / "depot", 1 << 30)
    encoded = manifest.encode(found.manifest)
    first = next(iter(depot.parts(encoded)))
    place.offer("r", manifest.digest(encoded), **first)
    assert _offer(place, "r", found)[1] == sorted(found.manifest.files)


def test_what_was_not_sent_is_no_tree(tmp_path: Path, found: Gathered) -> None:
    place = Depot(tmp_path / "depot", 1 << 30)
    with pytest.raises(Refused, match="was not sent to this worker"), place.tree("r", "ab" * 32):
        pass
    digest, missing = _offer(place, "r", found)
    for message in send(found.root, found.manifest, missing[:2]):
        place.take("r", digest, message)
    with pytest.raises(Refused, match="did not arrive whole"), place.tree("r", digest):
        pass
    with pytest.raises(Refused, match="was not sent"), place.tree("another run", digest):
        pass
    assert _offer(place, "r", found)[1] == missing[2:], "what came whole is kept"
    with pytest.raises(Refused, match="altered on its way"):
        place.offer("r", "cd" * 32, manifest.encode(found.manifest), first=True, last=True)


def test_contents_of_a_run_stay_until_it_is_over(tmp_path: Path, found: Gathered) -> None:
    place = Depot(tmp_path / "depot", 0)
    digest, missing = _offer(place, "r", found)
    for message in send(found.root, found.manifest, missing):
        place.take("r", digest, message)
    place.forget("another")
    with place.tree("r", digest):
        pass
    place.forget("r")
    assert _offer(place, "r", found)[1] == missing


def test_tests_see_the_clients_variables_and_the_workers_places() -> None:
    client = {
        "TZ": "Asia/Tokyo", "DB_URL": "x", "PATH": "/c", "HOME": "/c", "GOFLAGS": "-mod=mod", "GOCACHE": "/c",
        "STEADYGO_DATABASE": "secret", "XDG_STATE_HOME": "/c", "https_proxy": "c", "PATHS": "mine", "GOMAXPROCS": "2",
    }  # fmt: skip
    travelled = variables.travelling(client)
    assert travelled == {"DB_URL": "x", "GOFLAGS": "-mod=mod", "GOMAXPROCS": "2", "PATHS": "mine", "TZ": "Asia/Tokyo"}
    own = {"PATH": "/w", "HOME": "/w", "TZ": "UTC", "SECRET": "w", "STEADYGO_DATABASE": "w", "LANG": "de_DE"}
    assert variables.seen({**travelled, "PATH": "/evil", "LD_PRELOAD": "/evil.so"}, own) == {**travelled, "PATH": "/w", "HOME": "/w"}


def test_a_client_delivers_to_a_worker_and_hears_its_refusals(tmp_path: Path, found: Gathered) -> None:
    place = Depot(tmp_path / "depot", 1 << 30)

    lacked: list[int] = []

    async def ask(question: str, **words: Any) -> Receipt:
        receipt: Receipt = {"offer": depot.offered, "contents": depot.contents}[question](place, "r", **words)
        if question == "offer":
            lacked.append(len(receipt.missing))
        return receipt

    async def tampering(question: str, **words: Any) -> Receipt:
        if question == "contents":
            words["message"] = words["message"][:-1] + bytes([words["message"][-1] ^ 1])
        return await ask(question, **words)

    consignment = Consignment(found)
    with pytest.raises(Refused, match="altered on its way"):
        asyncio.run(consignment.deliver(tampering))
    asyncio.run(consignment.deliver(ask))
    asyncio.run(consignment.deliver(ask))
    assert lacked == [3, 1, 0], "two came whole before the one that was altered"
    with place.tree("r", consignment.digest) as tree:
        assert gather([tree]).manifest == found.manifest


def test_machines_are_compared_by_what_changes_tests(bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    here, other = bench({}), bench({}, "1.25.5")
    go, old = (Path(shutil.which("go", path=b.environment["PATH"]) or "") for b in (here, other))
    expected = surroundings.stated(here.root, {**here.environment, "SECRET_TOKEN": "s3cret"}, go)
    assert "s3cret" not in expected and not decode(expected, "x").family("env.")
    assert not surroundings.differences(expected, here.root, here.environment, go)

    different = {**here.environment, "TZ": "Asia/Tokyo", "GOFLAGS": "-race"}
    found = {s.key: s for s in surroundings.differences(expected, here.root, different, old)}
    assert {"go.version", "time.zone", "go.env.GOFLAGS"} <= {key for key, s in found.items() if context.matters(s)}
    assert found["go.version"].b == "go1.25.5"

    before = os.umask(0o077)
    try:
        found = {s.key: s for s in surroundings.differences(expected, here.root, here.environment, go)}
    finally:
        os.umask(before)
    assert context.matters(found["process.umask"])


def test_a_client_that_says_nothing_of_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="did not say"):
        surroundings.differences("", tmp_path, {}, Path("go"))
