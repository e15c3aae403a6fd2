"""ko configurations."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.read.ko import read

CONFIGURATION = """defaultBaseImage: cgr.dev/chainguard/static
defaultPlatforms: [linux/amd64, linux/arm64]
defaultEnv: [CGO_ENABLED=0]
defaultLdflags:
  - -s
builds:
  - id: orders
    dir: ./services/orders
    main: ./cmd/orders
    env: [FOO=bar, PASSED]
    flags: [-tags, netgo]
  - id: jobs
"""


def test_reads_builds_with_defaults() -> None:
    found = read(".ko.yaml", CONFIGURATION.encode())
    assert found.gaps == ()
    assert found.base_image is not None and found.base_image.value == "cgr.dev/chainguard/static"
    orders, jobs = found.builds
    assert (orders.id, orders.line, orders.directory, orders.main) == ("orders", 7, "./services/orders", "./cmd/orders")
    assert [(v.name, v.value, v.source) for v in orders.variables] == [
        ("CGO_ENABLED", "0", ""),
        ("FOO", "bar", ""),
        ("PASSED", None, "host"),
    ]
    assert [f.value for f in orders.flags] == ["-tags", "netgo"]
    assert orders.targets == ("linux_amd64", "linux_arm64")
    assert (jobs.main, jobs.directory) == (".", ".")
    assert [(v.name, v.value) for v in jobs.variables] == [("CGO_ENABLED", "0")]
    assert [f.value for f in jobs.ldflags] == ["-s"]


def test_wrong_shapes_are_gaps() -> None:
    assert read(".ko.yaml", b"builds: {}").gaps
    assert read(".ko.yaml", b"builds: [1]").gaps
    assert read(".ko.yaml", b"- 1").gaps
    assert read(".ko.yaml", b"").gaps == ()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(CONFIGURATION)), st.integers(0, 40), st.text(alphabet="\n :-{}[]|&*x", max_size=8))
def test_never_raises_on_mutated_files(start: int, cut: int, put: str) -> None:
    read(".ko.yaml", (CONFIGURATION[:start] + put + CONFIGURATION[start + cut :]).encode())
