"""A hostile repository is scanned in bounds; nothing of it runs, nothing outside is read, no control character comes out."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

MOST_SECONDS = 30
MOST_BYTES = 300 * 1024 * 1024


def hostile(root: Path, outside: Path) -> None:
    """Everything bad we can think of, in one tree."""
    outside.mkdir()
    (outside / "secret.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: outside-secret}\n")
    (outside / "deep").mkdir()
    (outside / "deep" / "main.go").write_text('package main\n\nconst outsideSecret = "outside-secret"\n\nfunc main() {}\n')
    root.mkdir()
    (root / "go.mod").write_text("module example.com/hostile\n\ngo 1.24\n")
    marker = root / "ran.txt"
    (root / "main.go").write_text(f"package main\n\n//go:generate touch {marker}\nfunc main() {{}}\n")
    (root / "Makefile").write_text(f"X := $(shell touch {marker})\nall:\n\ttouch {marker}\n")
    (root / "secret.yaml").symlink_to(outside / "secret.yaml")
    (root / "linked.go").symlink_to(outside / "deep" / "main.go")
    (root / "linked").symlink_to(outside / "deep")
    (root / "circle").symlink_to(root / "circle")
    (root / "circle.go").symlink_to(root / "circle.go")
    (root / "self").symlink_to(root)
    bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\ndata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
    (root / "bomb.yaml").write_text(bomb)
    (root / "compose.yaml").write_text("services:\n  a: &a\n    image: x\n    <<: *a\n    build: &b {context: *b}\n")
    (root / "deep.yaml").write_text("apiVersion: v1\nkind: Deployment\nspec: " + "[" * 100_000 + "]" * 100_000 + "\n")
    (root / "deep.json").write_text('{"panels": ' + "[" * 100_000 + '], "schemaVersion": 1}')
    (root / "deep.go").write_text("package main\n\nvar x = " + "(" * 100_000 + "1" + ")" * 100_000 + "\n")
    (root / "blocks.go").write_text("package main\n\nfunc f() {\n" + "{" * 100_000 + "}" * 100_000 + "\n}\n")
    (root / "calls.go").write_text("package main\n\nfunc g() {\n\tf(" + "f(" * 50_000 + ")" * 50_000 + ")\n}\n")
    (root / "deep.sh").write_text("#!/bin/sh\n" + "(" * 100_000 + "\n" + "$(" * 50_000 + "\n")
    (root / "Dockerfile").write_text(
        "FROM golang:1.24\nRUN " + "$(" * 50_000 + "\nARG A=${A:-${A:-${A}}}\nENV A=${A}${A} \n" + "ENV A=${A}${A}\n" * 200
    )
    (root / "vars.mk").write_text(
        "A = $(A)$(B)\nB = $(A)$(A)\n" + "".join(f"V{n} = $(V{n + 1})$(V{n + 1})\n" for n in range(60)) + "all:\n\techo $(V0)\n"
    )
    (root / "long.sql").write_text("-- +goose Up\n" + "SELECT (" * 50_000)
    (root / "migrations").mkdir()
    (root / "migrations" / "001_a.up.sql").write_text("UPDATE t SET x = '" + "a" * 1_000_000)
    (root / "alerts.yaml").write_text("groups:\n- name: a\n  rules:\n  - alert: A\n    expr: " + "sum(" * 50_000 + "\n")
    with open(root / "huge.go", "wb") as file:
        file.write(b"package main\n")
        file.truncate(200 * 1024 * 1024)
    os.mkfifo(root / "fifo.go")
    os.mkfifo(root / "Dockerfile.fifo")
    (root / "names\nwith\x1b[31mred.go").write_text('package main\n\nimport "time"\n\nfunc h() { time.Sleep(1) }\n')
    (root / "deploy\x1b]0;owned\x07.yaml").write_text(
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: "\\e[2Jboo\\a"}\nspec:\n  template:\n    spec:\n      containers:\n'
        '      - {name: "c\\e[31m", image: "x\\u202ey", command: ["go", "run", "\\e[31m."]}\n'
    )
    (root / "orders.service").write_bytes(b"[Service]\nExecStart=/usr/bin/go run \x1b[31m./cmd\x07\n")
    (root / "latin.go").write_bytes(b"package main\n\n// caf\xe9\nfunc latin() {}\n")
    (root / "utf16.yaml").write_bytes("apiVersion: v1\nkind: ConfigMap\n".encode("utf-16"))
    (root / "cut.go").write_text("package main\n\nfunc cut() {\n\tfor {")
    (root / "steadygo-dir.go").mkdir()


@dataclass(frozen=True)
class Ran:
    returncode: int
    stdout: bytes
    stderr: bytes
    peak: int


def run(root: Path, tmp_path: Path, *arguments: str) -> Ran:
    """One scan in at most 4 GB of address space; `peak` is its own largest resident size in bytes."""
    out, err = tmp_path / "out", tmp_path / "err"
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "steadygo", "scan", str(root), *arguments],
            stdout=stdout,
            stderr=stderr,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
            env={**os.environ, "STEADYGO_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)},
        )
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        _, status, usage = os.wait4(process.pid, 0)
        watchdog.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(process.returncode, out.read_bytes(), err.read_bytes(), usage.ru_maxrss * 1024)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    hostile(folder / "repo", folder / "outside")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit", "html"])
def test_scans_a_hostile_repository_in_bounds(tree: Path, tmp_path: Path, form: str) -> None:
    before = sorted(p.name for p in tree.rglob("*"))
    started = time.monotonic()
    ran = run(tree / "repo", tmp_path, "--format", form, "--no-cache")
    seconds = time.monotonic() - started
    assert ran.returncode in (0, 1), ran.stderr.decode("utf-8", "replace")[-2000:]
    assert b"Traceback" not in ran.stderr
    assert seconds < MOST_SECONDS
    assert ran.peak < MOST_BYTES
    assert sorted(p.name for p in tree.rglob("*")) == before, "a scan writes nothing into the tree"
    assert b"outside-secret" not in ran.stdout + ran.stderr, "nothing outside of the tree is read"
    text = (ran.stdout + ran.stderr).decode("utf-8")
    controls = {c for c in text if (ord(c) < 0x20 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u2028"}
    assert not controls, controls


def test_says_what_it_could_not_read(tree: Path, tmp_path: Path) -> None:
    import json

    ran = run(tree / "repo", tmp_path, "--json", "--no-cache")
    said = {n["at"]["path"]: n["message"] for n in json.loads(ran.stdout)["not_known"] if n["message"].startswith("not read")}
    assert "out of the tree" in said["linked.go"]
    assert "circle" in said["circle.go"]
    assert "8 MB" in said["huge.go"]
    assert "not a regular file" in said["fifo.go"]
    assert "not text" in said["utf16.yaml"]
    assert "directory" in said["steadygo-dir.go"]


def test_reports_a_file_without_permission(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        # root reads everything: the same answer comes from a file that vanished between the walk and the read
        from steadygo.scan.discover import Found
        from steadygo.scan.reading import read_all

        (read,) = read_all(tmp_path, [Found("gone.go", "go", (1, 0, 0, 0))], frozenset(), lambda done, total: None)
        assert b"No such file" in read.facts
        return
    (tmp_path / "go.mod").write_text("module a\n")
    (tmp_path / "main.go").write_text("package main\n")
    (tmp_path / "main.go").chmod(0)
    ran = run(tmp_path, tmp_path, "--json")
    assert b"Permission denied" in ran.stdout
