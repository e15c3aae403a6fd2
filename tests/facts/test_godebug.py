"""Which GODEBUG values kill which binaries. The table itself is held against the toolchains in tests/build."""

from __future__ import annotations

import pytest

from steadygo.facts.godebug import SETTINGS, fatal_at_start


@pytest.mark.parametrize(
    ("godebug", "minor", "fatal"),
    [
        ("tls10server=1", 27, ["tls10server=1"]),
        ("tls10server=1", 26, []),
        ("tls10server=0", 27, []),
        ("asynctimerchan=2", 27, ["asynctimerchan=2"]),
        ("x509sha1=1", 27, ["x509sha1=1"]),
        ("x509sha1=1", 24, []),
        ("gctrace=1,tls3des=1,tls3des=0", 27, ["tls3des=1"]),
        (" tls3des=1", 27, []),
        ("tls3des", 27, []),
        ("cgocheck=2", 21, ["cgocheck=2"]),
        ("cgocheck=2,cgocheck=1", 27, []),
        ("", 27, []),
    ],
)
def test_knows_what_kills_a_program_at_start(godebug: str, minor: int, fatal: list[str]) -> None:
    assert fatal_at_start(godebug, minor) == fatal


def test_table_is_sorted_and_removal_comes_after_change() -> None:
    assert [s.name for s in SETTINGS] == sorted(s.name for s in SETTINGS)
    assert all(s.removed == 0 or s.removed >= s.changed for s in SETTINGS)
