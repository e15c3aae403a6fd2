"""goreleaser configurations."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.pipelines import Release
from steadygo.read.goreleaser import read

CONFIGURATION = """version: 2
project_name: orders
env:
  - GO111MODULE=on
  - CGO_ENABLED=1
builds:
  - id: api
    main: ./cmd/api
    dir: services
    binary: orders-api
    env: [CGO_ENABLED=0]
    flags: -trimpath
    ldflags:
      - -s -w
      - -X main.version={{ .Version }}
    goos: [linux, darwin]
    goarch: [amd64, arm64]
    ignore:
      - {goos: darwin, goarch: amd64}
  - builder: prebuilt
  - skip: true
  - targets: [linux_amd64_v1]
dockers:
  - image_templates: ["ghcr.io/x/orders:{{ .Tag }}"]
  - dockerfile: build/Dockerfile.arm
dockers_v2:
  - images: [a, b]
    tags: [x]
kos:
  - base_image: gcr.io/distroless/static
"""


def release(text: str) -> Release:
    return read("ci/.goreleaser.yaml", text.encode())


def test_reads_builds() -> None:
    found = release(CONFIGURATION)
    assert found.gaps == ()
    first, second = found.builds
    assert (first.id, first.line, first.main, first.directory, first.binary) == ("api", 7, "./cmd/api", "services", "orders-api")
    assert [f.value for f in first.flags] == ["-trimpath"]
    assert [(f.value, f.line) for f in first.ldflags] == [("-s -w", 14), ("-X main.version={{ .Version }}", 15)]
    assert [(v.name, v.value) for v in first.variables] == [("GO111MODULE", "on"), ("CGO_ENABLED", "0")]
    assert first.targets == ("linux_amd64", "linux_arm64", "darwin_arm64")
    assert (second.main, second.binary, second.targets) == (".", "orders", ("linux_amd64_v1",))
    assert "main.version" in second.ldflags[0].value


def test_reads_images() -> None:
    found = release(CONFIGURATION)
    assert [(file.value, file.line, images) for file, images in found.dockerfiles] == [
        ("ci/Dockerfile", 24, ("ghcr.io/x/orders:{{ .Tag }}",)),
        ("ci/build/Dockerfile.arm", 25, ()),
        ("ci/Dockerfile", 27, ("a:x", "b:x")),
    ]
    assert found.base_image is not None and found.base_image.value == "gcr.io/distroless/static"


def test_without_builds_there_is_the_default_one() -> None:
    (build,) = release("project_name: x\n").builds
    assert (build.main, build.binary) == (".", "x")
    assert len(build.targets) == 8
    assert release("builds: []\n").builds == ()


def test_wrong_shapes_are_gaps() -> None:
    assert [g.line for g in release("builds: x\ndockers:\n  - 1\n").gaps] == [1, 3]
    assert release("[]").gaps


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(CONFIGURATION)), st.integers(0, 40), st.text(alphabet="\n :-{}[]|&*x", max_size=8))
def test_never_raises_on_mutated_files(start: int, cut: int, put: str) -> None:
    release(CONFIGURATION[:start] + put + CONFIGURATION[start + cut :])
