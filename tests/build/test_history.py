"""What a release should not surprise with."""

from __future__ import annotations

import msgspec
import pytest

from steadygo.build.history import Kept, Part, remarks


def _release(version: str, sha256: str = "a", parts: tuple[Part, ...] = ()) -> Kept:
    return Kept("example.com/svc", "linux/amd64", version, sha256 * 64, 1, "go1.27.3", "c0ffee", False, "2026-01-02T03:04:05Z", parts)


@pytest.mark.parametrize(
    ("earlier", "new", "words"),
    [
        ([], "v3.1.4", ""),
        (["v1.2.3"], "v1.2.4", ""),
        (["v1.2.3"], "v1.3.0", ""),
        (["v1.2.3"], "v2.0.0", ""),
        (["v1.2.3"], "v2.0.0-rc.1", ""),
        (["v1.2.3"], "v1.2.5", "not the next version after v1.2.3: that would be v1.2.4, v1.3.0, v2.0.0"),
        (["v1.2.3", "v2.0.0"], "v1.2.4", ""),
        (["v2.0.0"], "v1.0.0", "older than every release"),
        (["v1.2.3"], "v0.0.0-20260102030405-abcdefabcdef", "no release version"),
        (["v1.2.3"], "v1.2.3", "already made on 2026-01-02 with other bytes"),
    ],
)
def test_says_when_a_version_does_not_follow(earlier: list[str], new: str, words: str) -> None:
    found = remarks([_release(version) for version in earlier], _release(new, "b"))
    assert (words in found[0]) if words else found == []


def test_says_when_a_component_lost_its_source() -> None:
    before = _release("v1.0.0", "a", (Part("example.com/dep", "v1.0.0", "h1:x", "MIT"),))
    after = _release("v1.0.1", "b", (Part("example.com/dep", "v1.0.0", "", "MIT"),))
    assert "has no source hash any more" in remarks([before], after)[0]
    other = msgspec.structs.replace(after, parts=(Part("example.com/dep", "v1.0.0", "h1:x", ""),))
    assert "no known licence any more" in remarks([before], other)[0]
