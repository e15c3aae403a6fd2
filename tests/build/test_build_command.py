"""`steadygo build PACKAGE` and `build verify`, from a real checkout to a real refusal."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from go_builds import NEWEST, Go, file_proxy, git, need, write_tree
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from steadygo.build import buildinfo
from steadygo.dispatch import run

pytestmark = pytest.mark.slow

MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy
The above copyright notice and this permission notice
"""
MAIN = 'package main\n\nimport dep "example.com/Dep"\n\nvar version = "dev"\n\nfunc main() { println(dep.Word(), version) }\n'
DEP = {"go.mod": "module example.com/Dep\n\ngo 1.21\n", "dep.go": 'package dep\n\nfunc Word() string { return "one" }\n', "LICENSE": MIT}
SERVICE = {
    "go.mod": "module example.com/svc\n\ngo 1.21\n",
    "LICENSE": MIT,
    ".gitignore": "dist/\n",
    "cmd/api/main.go": MAIN,
    "cmd/other/main.go": "package main\n\nfunc main() {}\n",
    "lib/lib.go": "package lib\n",
}

Service = Callable[[str], Path]


@pytest.fixture
def service(toolchain: Callable[[str], Go], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A tagged, clean checkout with one dependency, and go of the asked version first on PATH."""

    def give(version: str) -> Path:
        go = toolchain(version)
        proxy = file_proxy(tmp_path / "proxy", {("example.com/Dep", "v1.0.0"): DEP})
        root = write_tree(tmp_path / "svc", SERVICE)
        go.run(root, "get", "example.com/Dep@v1.0.0", GOPROXY=proxy)
        git(root, "init", "-q", "-b", "main")
        git(root, "add", ".")
        git(root, "commit", "-qm", "first")
        git(root, "tag", "v1.2.3")
        for key, value in (go.environment | {"GOPROXY": proxy}).items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("PATH", f"{go.program.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("STEADYGO_DATABASE", f"sqlite:///{tmp_path / 'history.db'}")
        monkeypatch.delenv("GODEBUG", raising=False)
        monkeypatch.chdir(root)
        return root

    return give


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def _says(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    capsys.readouterr()
    assert run(["build", *arguments]) == code
    captured = capsys.readouterr()
    return captured.err if code == 2 else captured.out


@pytest.mark.parametrize("version", ["1.21.13", NEWEST])
def test_writes_program_sums_manifest_and_bills(service: Service, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(version)
    _says(capsys, 0, "./cmd/api", "--out", "dist", "--set", "main.version=v1.2.3")
    dist = root / "dist"
    assert sorted(p.name for p in dist.iterdir()) == ["SHA256SUMS", "api", "api.cdx.json", "api.manifest.json", "api.spdx.json"]
    for line in (dist / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest
    info = buildinfo.read(dist / "api")
    manifest = json.loads((dist / "api.manifest.json").read_text())
    inside = manifest["predicate"]["buildDefinition"]["internalParameters"]
    assert inside["leftOutByGo"]["tool.compile"] == f"compile version go{version}"
    assert inside["linkage"]["static"] is True
    assert manifest["predicate"]["buildDefinition"]["externalParameters"]["flags"][-1] == "-ldflags=-X 'main.version=v1.2.3'"
    listed = {m.path: m.version for m in info.deps}
    cdx = (dist / "api.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(cdx) is None
    bill = json.loads(cdx)
    assert {c["name"]: c["version"] for c in bill["components"]} == listed == {"example.com/Dep": "v1.0.0"}
    assert bill["components"][0]["licenses"] == [{"expression": "MIT"}] or bill["components"][0]["licenses"][0]["license"]["id"] == "MIT"
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]) == ("example.com/svc", "v1.2.3")
    document = parse_file(str(dist / "api.spdx.json"))
    assert validate_full_spdx_document(document) == []
    assert {p.name: p.version for p in document.packages} == listed | {"example.com/svc": "v1.2.3"}


def test_keeps_a_secret_that_is_set_out_of_the_record(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(NEWEST)
    said = _says(capsys, 0, "./cmd/api", "--set", "main.apiToken=hunter2hunter2", "--set", "main.version=v1.2.3")
    written = [path.read_text() for path in (root / "dist").iterdir() if path.name != "api"]
    assert not [text for text in (said, *written) if "hunter2" in text]
    assert any("main.version=v1.2.3" in text and "main.apiToken=" in text for text in written)


@pytest.mark.parametrize("given", ["foo", "version=1", "main.version=it's", "main.version=a\nb"])
def test_refuses_values_that_the_linker_cannot_take(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--set " in _says(capsys, 2, "./cmd/api", "--set", given)


def test_says_when_go_is_no_program_and_the_file_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "/nonexistent is no program" in _says(capsys, 2, "./cmd/api", "--go", "/nonexistent")
    assert "There is no file nosuch" in _says(capsys, 2, "verify", "nosuch")


def test_builds_the_same_bytes_and_bills_again(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(NEWEST)
    for out in ("dist/one", "dist/two"):
        _says(capsys, 0, "./cmd/api", "--out", out)
    for name in ("api", "api.cdx.json", "api.spdx.json"):
        assert (root / "dist/one" / name).read_bytes() == (root / "dist/two" / name).read_bytes()


def test_builds_for_several_systems_from_one_clean_checkout(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(NEWEST)
    targets = ("linux/amd64/v3", "windows/amd64", "darwin/arm64")
    _says(capsys, 0, "./cmd/api", *(word for target in targets for word in ("--target", target)), "--out", "dist")
    for name in ("api-linux-amd64-v3", "api-windows-amd64.exe", "api-darwin-arm64"):
        info = buildinfo.read(root / "dist" / name)
        assert info.setting("vcs.modified") == "false"
        assert info.main and info.main.version == "v1.2.3"


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("./cmd/api/main.go", "command-line-arguments"),
        ("./...", "one entry point"),
        ("./lib", "package lib"),
        ("./cmd/none", "finds no package"),
    ],
)
def test_refuses_what_is_no_release(service: Service, argument: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    service(NEWEST)
    assert words in _says(capsys, 2, argument)


def test_refuses_dirty_and_tagless_checkouts_and_leaves_nothing(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(NEWEST)
    (root / "stray").touch()
    assert "1 untracked" in _says(capsys, 2, "./cmd/api")
    (root / "stray").unlink()
    git(root, "tag", "-d", "v1.2.3")
    assert "no version tag" in _says(capsys, 2, "./cmd/api")
    assert not (root / "dist").exists()
    _says(capsys, 0, "./cmd/api", "--allow", "untagged")
    manifest = json.loads((root / "dist/api.manifest.json").read_text())
    assert manifest["predicate"]["buildDefinition"]["internalParameters"]["leftOutByGo"]["allowed"] == "untagged"


def test_refuses_undeclared_entry_points_and_unknown_keys(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(NEWEST)
    write_tree(root, {"steadygo.toml": '[build]\nentry-points = ["./cmd/api"]\n'})
    assert "not a declared entry point" in _says(capsys, 2, "./cmd/other", "--allow", "dirty")
    write_tree(root, {"steadygo.toml": '[build]\nentry-point = ["./cmd/api"]\n'})
    assert "Did you mean build.entry-points?" in _says(capsys, 2, "./cmd/other", "--allow", "dirty")


def test_refuses_removed_godebugs(service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = service(NEWEST)
    with monkeypatch.context() as patch:
        patch.setenv("GODEBUG", "tls10server=1")
        assert "exits at start" in _says(capsys, 2, "./cmd/api")
    with (root / "go.mod").open("a") as file:
        file.write("\ngodebug tls3des=1\n")
    assert "godebug tls3des=1 was removed in Go 1.27" in _says(capsys, 2, "./cmd/api", "--allow", "dirty")


def test_refuses_a_tampered_vendor_folder_and_leaves_nothing(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(NEWEST)
    subprocess.run(["go", "mod", "vendor"], cwd=root, check=True)
    git(root, "add", ".")
    git(root, "commit", "-qm", "vendor")
    git(root, "tag", "v1.2.4")
    _says(capsys, 0, "./cmd/api", "--out", "dist/good")
    write_tree(root, {"vendor/example.com/Dep/dep.go": DEP["dep.go"].replace("one", "evil")})
    git(root, "commit", "-qam", "tamper")
    git(root, "tag", "v1.2.5")
    said = _says(capsys, 2, "./cmd/api", "--out", "dist/bad")
    assert "example.com/Dep v1.0.0: vendor/ does not hold what go.sum states: dep.go (changed)." in said
    assert not (root / "dist/bad").exists()


def test_leaves_nothing_behind_when_the_compiler_fails(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(NEWEST)
    write_tree(root, {"cmd/api/broken.go": "package main\n\nfunc f() int { return x }\n"})
    assert "undefined: x" in _says(capsys, 2, "./cmd/api", "--allow", "dirty")
    assert not (root / "dist").exists()


def test_says_when_a_warm_module_cache_hides_the_tag(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = service(NEWEST)
    git(root, "tag", "-d", "v1.2.3")
    _says(capsys, 0, "./cmd/api", "--allow", "untagged")
    git(root, "tag", "v1.2.3")
    monkeypatch.setenv("GOPROXY", "off")
    assert "tagged v1.2.3, but Go stamped v0.0.0-" in _says(capsys, 2, "./cmd/api")


def test_verifies_what_it_built_within_its_budget(service: Service, capsys: pytest.CaptureFixture[str], keys: tuple[Path, Path]) -> None:
    root = service(NEWEST)
    _says(capsys, 0, "./cmd/api", "--sign", str(keys[0]))
    program = root / "dist/api"
    said = _says(capsys, 0, "verify", str(program), "--key", str(keys[1]))
    assert "fail" not in said
    assert "not known" not in said
    command = [shutil.which("steadygo") or "steadygo", "build", "verify", str(program), "--key", str(keys[1])]
    if Path(command[0]).exists():
        seconds = []
        for _ in range(5):
            started = time.monotonic()
            subprocess.run(command, check=True, capture_output=True)
            seconds.append(time.monotonic() - started)
        assert min(seconds) <= 0.3


def test_the_godebug_trap_is_refused_and_really_kills(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = service(NEWEST)
    _says(capsys, 0, "./cmd/api")
    program = root / "dist/api"
    assert subprocess.run([program], capture_output=True).returncode == 0
    monkeypatch.setenv("GODEBUG", "tls10server=1")
    assert "GODEBUG=tls10server=1 kills a go1.27.3 program" in _says(capsys, 1, "verify", "--quiet", str(program))
    dead = subprocess.run([program], capture_output=True, text=True)
    assert dead.returncode == 2
    assert 'removed GODEBUG "tls10server"' in dead.stderr


def _tamper_program(program: Path) -> None:
    data = bytearray(program.read_bytes())
    data[-1] ^= 1
    program.write_bytes(data)


def _tamper_hash(program: Path) -> None:
    manifest = program.with_name("api.manifest.json")
    document = json.loads(manifest.read_text())
    document["subject"][0]["digest"]["sha256"] = "0" * 64
    manifest.write_text(json.dumps(document))


def _tamper_entry(program: Path) -> None:
    manifest = program.with_name("api.manifest.json")
    manifest.write_text(manifest.read_text().replace('"package": "example.com/svc/cmd/api"', '"package": "example.com/svc/cmd/other"'))


def _tamper_module(program: Path) -> None:
    manifest = program.with_name("api.manifest.json")
    manifest.write_text(manifest.read_text().replace('"built": "v1.0.0"', '"built": "v1.0.1"'))


@pytest.mark.parametrize(
    ("tamper", "check"), [(_tamper_program, "hash"), (_tamper_hash, "hash"), (_tamper_entry, "entry point"), (_tamper_module, "modules")]
)
def test_refuses_what_was_changed(service: Service, capsys: pytest.CaptureFixture[str], tamper: Callable[[Path], None], check: str) -> None:
    root = service(NEWEST)
    _says(capsys, 0, "./cmd/api")
    tamper(root / "dist/api")
    lines = _says(capsys, 1, "verify", "--quiet", "dist/api").splitlines()
    assert [line.split(":")[0].split(maxsplit=1) for line in lines] == [["fail", check]]


def test_refuses_a_wrong_signature(service: Service, capsys: pytest.CaptureFixture[str], keys: tuple[Path, Path]) -> None:
    root = service(NEWEST)
    _says(capsys, 0, "./cmd/api")
    assert "is not signed" in _says(capsys, 1, "verify", "--quiet", "dist/api", "--key", str(keys[1]))
    _says(capsys, 0, "./cmd/api", "--sign", str(keys[0]))
    manifest = root / "dist/api.manifest.json"
    document = json.loads(manifest.read_text())
    payload = base64.b64decode(document["payload"]).replace(b"v1.2.3", b"v1.2.4")
    manifest.write_text(json.dumps(document | {"payload": base64.b64encode(payload).decode()}))
    assert "No signature of the manifest is by" in _says(capsys, 1, "verify", "--quiet", "dist/api", "--key", str(keys[1]))
    manifest.write_text("{}")
    assert "cannot be used as a manifest" in _says(capsys, 2, "verify", "dist/api")


def test_records_compiler_and_libc_of_cgo_and_checks_them(service: Service, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    need(shutil.which("gcc") is not None, "gcc", "apt install gcc libc6-dev")
    root = service(NEWEST)
    write_tree(root, {"cmd/api/c.go": 'package main\n\n// int one(void) { return 1; }\nimport "C"\n\nfunc init() { println(C.one()) }\n'})
    _says(capsys, 0, "./cmd/api", "--cgo", "--allow", "dirty")
    inside = json.loads((root / "dist/api.manifest.json").read_text())["predicate"]["buildDefinition"]["internalParameters"]
    assert inside["leftOutByGo"]["libc"].startswith("glibc")
    assert len(inside["leftOutByGo"]["CC.sha256"]) == 64
    assert inside["linkage"]["libraries"] == ["libc.so.6"]
    assert "It needs GLIBC_2." in _says(capsys, 0, "verify", "dist/api")


def test_builds_twice_and_finds_the_same(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service(NEWEST)
    assert "api built twice: identical" in _says(capsys, 0, "./cmd/api", "--twice")


def test_builds_twice_and_names_what_the_clock_changed(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    need(shutil.which("gcc") is not None, "gcc", "apt install gcc libc6-dev")
    need(shutil.which("faketime") is not None, "faketime", "apt install faketime")
    root = service(NEWEST)
    stamped = (
        'package main\n\n// const char *when(void) { return __DATE__ " " __TIME__; }\nimport "C"\n\nfunc init() { println(C.when()) }\n'
    )
    write_tree(root, {"cmd/api/c.go": stamped})
    said = _says(capsys, 1, "./cmd/api", "--cgo", "--allow", "dirty", "--twice")
    assert "api built twice: DIFFERENT" in said
    assert "May  6 2031" in said


def test_keeps_a_history_and_says_what_surprises(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    root = service(NEWEST)
    _says(capsys, 0, "./cmd/api")
    git(root, "commit", "-q", "--allow-empty", "-m", "second")
    git(root, "tag", "v1.5.0")
    assert "v1.5.0 is not the next version after v1.2.3" in _says(capsys, 0, "./cmd/api")
    listed = _says(capsys, 0, "list", "example.com/svc/cmd/api")
    assert [line.split()[2] for line in listed.splitlines() if "linux/" in line] == ["v1.2.3", "v1.5.0"]
    digest = listed.split()[1]
    shown = _says(capsys, 0, "show", digest)
    assert "example.com/Dep v1.0.0  MIT  h1:" in shown
    assert "No kept build" in _says(capsys, 2, "show", "0000")
