"""The history of builds, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import pytest
from test_fingerprints import postgres, store

from steadygo.build.history import Kept, Part
from steadygo.store import builds, database

__all__ = ["postgres", "store"]


def _release(version: str, sha256: str) -> Kept:
    parts = (Part("example.com/dep", "v1.0.0", "h1:x", "MIT"),)
    return Kept("example.com/svc", "linux/amd64", version, sha256 * 64, 1, "go1.27.3", "c0ffee", False, "2026-01-02T03:04:05Z", parts)


@pytest.mark.usefixtures("store")
def test_keeps_and_finds_builds() -> None:
    one, two = _release("v1.0.0", "a"), _release("v1.0.1", "b")
    with database.opened() as db:
        builds.save(db, one)
        builds.save(db, two)
    with database.opened() as db:
        assert builds.of_package(db, "example.com/svc") == [one, two]
        assert builds.latest(db, 1) == [two]
        assert builds.find(db, "bbbb") == [two]
        assert builds.of_package(db, "example.com/other") == []
