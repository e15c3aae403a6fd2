"""Images as they lie on disk: OCI layouts, docker archives, directories, and what damaged or hostile ones get."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.environment.fingerprint import gather
from steadygo.environment.image import capture
from steadygo.environment.imagearchive import opened
from steadygo.errors import UserError

GLIBC = b"\x7fELF....GNU C Library (Debian GLIBC 2.31-13+deb11u5) stable release version 2.31.\n"
BASE = {
    "etc/os-release": b'ID=debian\nVERSION_ID="11"\n',
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/srv:/bin/sh\n",
    "lib/x86_64-linux-gnu/libc.so.6": GLIBC,
    "usr/share/zoneinfo/tzdata.zi": b"# version 2024a\n",
    "usr/share/zoneinfo/Europe/Berlin": b"TZif",
    "etc/ssl/certs/ca-certificates.crt": b"-----BEGIN CERTIFICATE-----\n",
    "tmp/x": b"",
}
START = {"Env": ["TZ=Europe/Berlin", "PATH=/bin"], "Entrypoint": ["/app"], "User": "app"}


def member(name: str, content: bytes | None = None, link: str = "", hard: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    if link:
        info.type, info.linkname = tarfile.SYMTYPE, link
    elif hard:
        info.type, info.linkname = tarfile.LNKTYPE, hard
    info.size = len(content or b"")
    return info, content or b""


def layer(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def files(tree: dict[str, bytes]) -> bytes:
    return layer(member(n, c) for n, c in tree.items())


def blob(root: Path, data: bytes) -> dict[str, object]:
    digest = hashlib.sha256(data).hexdigest()
    (root / "blobs/sha256").mkdir(parents=True, exist_ok=True)
    (root / "blobs/sha256" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data), "mediaType": "application/octet-stream"}


def layout(root: Path, layers: list[bytes], start: dict[str, object] = START, compressed: bool = True) -> Path:
    diff_ids = ["sha256:" + hashlib.sha256(x).hexdigest() for x in layers]
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "config": start, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    ).encode()
    manifest = {"config": blob(root, config), "layers": [blob(root, gzip.compress(x) if compressed else x) for x in layers]}
    (root / "index.json").write_text(json.dumps({"manifests": [blob(root, json.dumps(manifest).encode())]}))
    (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return root


def read(path: Path, tag: str = "") -> dict[str, str | None]:
    with opened(path, tag) as (configuration, tree):
        return {k: v.value for k, v in gather(capture(configuration, tree, lambda content, name: None)).items()}


def test_reads_an_oci_layout(tmp_path: Path) -> None:
    found = read(layout(tmp_path, [files(BASE)]))
    assert found["os.version"] == "11"
    assert found["libc.version"] == "2.31"
    assert found["time.tzdata"] == "2024a"
    assert found["time.zone"] == "Europe/Berlin"
    assert found["process.user"] == "1000"
    assert found["env.HOME"] == "/srv"
    assert found["kernel.arch"] == "x86_64"
    assert str(found["tls.roots"]).startswith("1 certificates")
    assert "image.tmp" not in found


def test_an_oci_archive_and_a_docker_archive_say_the_same(tmp_path: Path) -> None:
    root = layout(tmp_path / "layout", [files(BASE)])
    expected = read(root)
    with tarfile.open(tmp_path / "oci.tar", "w") as archive:
        archive.add(root, ".", filter=lambda m: (setattr(m, "name", m.name.removeprefix("./")), m)[1])
    assert read(tmp_path / "oci.tar") == expected
    config = json.loads((root / "index.json").read_text())
    manifest = json.loads((root / "blobs/sha256" / config["manifests"][0]["digest"][7:]).read_text())
    name = manifest["config"]["digest"][7:]
    content = (root / "blobs/sha256" / name).read_bytes()
    saved = [{"Config": f"{name}.json", "RepoTags": ["orders:1"], "Layers": ["one/layer.tar"]}]
    parts = [member(f"{name}.json", content), member("one/layer.tar", files(BASE)), member("manifest.json", json.dumps(saved).encode())]
    (tmp_path / "saved.tar").write_bytes(layer(parts))
    assert read(tmp_path / "saved.tar") == expected
    assert read(tmp_path / "saved.tar", "orders:1") == expected
    (tmp_path / "saved.tar.gz").write_bytes(gzip.compress(layer(parts)))
    assert read(tmp_path / "saved.tar.gz") == expected
    with pytest.raises(UserError, match="holds 0 images"):
        read(tmp_path / "saved.tar", "orders:2")


def test_a_directory_is_a_root_file_system(tmp_path: Path) -> None:
    for name, content in BASE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = read(tmp_path)
    assert (found["libc.name"], found["libc.version"], found["os.id"]) == ("glibc", "2.31", "debian")
    assert "env.PATH" not in found


def test_links_of_a_root_file_system_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "etc/ssl/certs").mkdir(parents=True)
    (tmp_path / "etc/ssl/certs/ca-certificates.crt").symlink_to("/etc/passwd")
    (tmp_path / "etc/os-release").symlink_to("../../../../../../../../etc/os-release")
    found = read(tmp_path)
    assert found["tls.roots"] == "none"
    assert "os.id" not in found


def test_later_layers_cover_and_take_away(tmp_path: Path) -> None:
    top = [
        member("etc/ssl/certs/.wh.ca-certificates.crt"),
        member("usr/share/zoneinfo/.wh..wh..opq"),
        member("usr/share/zoneinfo/tzdata.zi", b"# version 2025b\n"),
        member("etc/os-release", link="../usr/lib/os-release"),
        member("usr/lib/os-release", b"ID=wolfi\n"),
        member("lib/x86_64-linux-gnu/.wh.libc.so.6"),
        member("lib/ld-musl-x86_64.so.1", b"x"),
        member("lib/apk/db/installed", b"C:x\nP:musl\nV:1.2.5-r0\nA:x86_64\n\n"),
    ]
    found = read(layout(tmp_path, [files(BASE), layer(top)]))
    assert found["tls.roots"] == "none"
    assert found["time.tzdata"] == "2025b"
    assert found["time.zone"] == "UTC"
    assert found["os.id"] == "wolfi"
    assert (found["libc.name"], found["libc.version"]) == ("musl", "1.2.5")


def test_a_scratch_image_has_nothing(tmp_path: Path) -> None:
    found = read(layout(tmp_path, [files({"app": b"no program"})], {"Entrypoint": ["/app"]}))
    assert (found["libc.name"], found["tls.roots"], found["time.tzdata"], found["image.tmp"]) == ("none", "none", "none", "none")
    assert found["env.PATH"] == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_names_that_lead_out_write_nothing_outside(tmp_path: Path) -> None:
    evil = [
        member("../../../../tmp/steadygo-evil", b"x"),
        member("/abs/../../etc/passwd", b"app:x:77:77::/evil:/bin/sh\n"),
        member("loop", link="loop"),
        member("etc/os-release", hard="../../../etc/os-release"),
        member("usr/share/zoneinfo/x", link="/../../../etc"),
    ]
    found = read(
        layout(
            tmp_path / "i",
            [layer(evil)],
            {"Env": ["TZ=../../../../etc/passwd", "SSL_CERT_FILE=/loop"], "Entrypoint": ["/loop"], "User": "app"},
        )
    )
    assert not Path("/tmp/steadygo-evil").exists()
    assert found["process.user"] == "77"
    assert found["tls.roots"] == "none"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["i"]


def test_a_changed_layer_or_configuration_is_refused(tmp_path: Path) -> None:
    root = layout(tmp_path, [files(BASE)], compressed=False)
    for path in sorted((root / "blobs/sha256").iterdir()):
        data = path.read_bytes()
        path.write_bytes(data[:600] + bytes([data[600] ^ 1]) + data[601:] if len(data) > 601 else data + b" ")
        with pytest.raises(UserError):
            read(root)
        path.write_bytes(data)
    read(root)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.6, 0.9, 0.99])
def test_a_cut_off_layer_is_refused(part: float, tmp_path: Path) -> None:
    root = layout(tmp_path, [files(BASE)])
    largest = max((root / "blobs/sha256").iterdir(), key=lambda p: p.stat().st_size if p.read_bytes()[:2] == b"\x1f\x8b" else 0)
    largest.write_bytes(largest.read_bytes()[: int(largest.stat().st_size * part)])
    with pytest.raises(UserError):
        read(root)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00", json.dumps({}).encode()])
def test_what_is_no_image_is_refused_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(content)
    with pytest.raises(UserError):
        read(tmp_path / "x.tar")


@given(st.binary(min_size=1, max_size=40), st.integers(0, 20_000), st.booleans())
def test_a_damaged_archive_is_read_or_refused(noise: bytes, at: int, cut: bool) -> None:
    saved = json.dumps([{"Config": "c.json", "Layers": ["one/layer.tar"]}]).encode()
    config = json.dumps({"architecture": "amd64", "config": START}).encode()
    whole = layer([member("c.json", config), member("one/layer.tar", files(BASE)), member("manifest.json", saved)])
    data = whole[: at % len(whole)] + noise + (b"" if cut else whole[at % len(whole) + len(noise) :])
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(UserError):
            read(Path(file.name))
