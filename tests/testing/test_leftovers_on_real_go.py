"""`steadygo test leftovers` on tests that leave things, and on ones that do not."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drivers
import pytest
import servers
from go_tests import Bench

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

LEAVES = """
import ("os"; "os/exec"; "path/filepath"; "testing"; "time")
func write(t *testing.T, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { t.Fatal(err) }
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil { t.Fatal(err) }
}
func TestTemp(t *testing.T) {
	d, err := os.MkdirTemp("", "export")
	if err != nil { t.Fatal(err) }
	write(t, filepath.Join(d, "rows.csv"))
}
func TestTree(t *testing.T) {
	write(t, "out/report.txt")
	write(t, "../top.txt")
	write(t, "golden.txt")
	if err := os.Remove("gone.txt"); err != nil { t.Fatal(err) }
}
func TestCache(t *testing.T) {
	dir, _ := os.UserCacheDir()
	name := filepath.Join(dir, "app", "state")
	if _, err := os.Stat(name); err == nil { t.Fatal("an old state is there") }
	write(t, name)
}
func TestHome(t *testing.T) {
	home, _ := os.UserHomeDir()
	write(t, filepath.Join(home, ".apprc"))
}
func TestFails(t *testing.T) { write(t, "half.txt"); t.Fatal("on purpose") }
func TestProcess(t *testing.T) {
	c := exec.Command("python3", "-c", "import socket, time; s = socket.create_server(('127.0.0.1', PORT)); time.sleep(600)")
	if err := c.Start(); err != nil { t.Fatal(err) }
	for i := 0; i < 100; i++ {
		if err := exec.Command("python3", "-c", "import socket; socket.create_connection(('127.0.0.1', PORT))").Run(); err == nil { return }
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("it never listened")
}
func TestDaemon(t *testing.T) {
	if err := exec.Command("setsid", "sh", "-c", "sleep 600 >/dev/null 2>&1 &").Run(); err != nil { t.Fatal(err) }
}
func TestNothing(t *testing.T) {}
"""

HEALTHY = """package p
import ("net"; "net/http/httptest"; "os"; "os/exec"; "path/filepath"; "testing")
func TestTempDir(t *testing.T) {
	d := t.TempDir()
	if err := os.WriteFile(filepath.Join(d, "x"), nil, 0o600); err != nil { t.Fatal(err) }
}
func TestCleanup(t *testing.T) {
	f, err := os.CreateTemp("", "x")
	if err != nil { t.Fatal(err) }
	t.Cleanup(func() { f.Close(); os.Remove(f.Name()) })
}
func TestPut(t *testing.T) {
	old, err := os.ReadFile("golden.txt")
	if err != nil { t.Fatal(err) }
	if err := os.WriteFile("golden.txt", old, 0o644); err != nil { t.Fatal(err) }
}
func TestServer(t *testing.T) {
	s := httptest.NewServer(nil)
	defer s.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil { t.Fatal(err) }
	defer l.Close()
}
func TestKilled(t *testing.T) {
	c := exec.Command("sleep", "600")
	if err := c.Start(); err != nil { t.Fatal(err) }
	c.Process.Kill()
}
func TestGo(t *testing.T) {
	d := t.TempDir()
	if err := os.WriteFile(filepath.Join(d, "main.go"), []byte("package main\\nfunc main() {}\\n"), 0o644); err != nil { t.Fatal(err) }
	if out, err := exec.Command("go", "build", "-o", filepath.Join(d, "x"), filepath.Join(d, "main.go")).CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
}
func TestUnixSocket(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil { t.Fatal(err) }
	l.Close()
}
func TestFails(t *testing.T) { t.Skip("later") }
"""


def leavers(here: Bench, *words: str, code: int = 1, **environment: str) -> dict[str, dict[str, Any]]:
    report = json.loads(here.run("test", "leftovers", *words, "--json", code=code, **environment))
    assert all(p["why"] == "" for p in report["packages"])
    return {f"{p['package'].rpartition('/')[2]}.{leaver['test']}": leaver for p in report["packages"] for leaver in p["leavers"]}


def shown(leaver: dict[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((left["how"], left["what"], left["path"]) for left in leaver["left"])


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        found: int = free.getsockname()[1]
    return found


def test_names_what_each_test_leaves(bench: Give, port: int) -> None:
    files = {"p/p_test.go": LEAVES.replace("PORT", str(port)), "p/golden.txt": "old", "p/gone.txt": "old"}
    here = bench(files)
    before = sorted(p.relative_to(here.root) for p in here.root.rglob("*"))
    found = leavers(here, "./...")
    assert set(found) == {f"p.Test{n}" for n in ("Temp", "Tree", "Cache", "Home", "Fails", "Process", "Daemon")}
    [(how, what, path)] = shown(found["p.TestTemp"])
    assert (how, what) == ("created", "directory") and "/export" in path
    assert found["p.TestTemp"]["left"][0]["files"] == 1 and found["p.TestTemp"]["again"] == "passes"
    assert shown(found["p.TestTree"]) == [
        ("changed", "file", "p/golden.txt"),
        ("created", "directory", "p/out/"),
        ("created", "file", "top.txt"),
        ("deleted", "file", "p/gone.txt"),
    ]
    assert found["p.TestTree"]["again"] == "fails"  # what it removes is gone
    if os.geteuid() == 0:
        assert [left["path"] for left in found["p.TestTree"]["left"] if left["matters"]] == ["p/gone.txt"]
    assert shown(found["p.TestCache"]) == [("created", "directory", "~/.cache/app/")]
    assert found["p.TestCache"]["again"] == "fails" and found["p.TestCache"]["left"][0]["place"] == "cache"
    assert shown(found["p.TestHome"]) == [("created", "file", "~/.apprc")] and found["p.TestHome"]["again"] == "passes"
    assert not found["p.TestFails"]["passed"] and shown(found["p.TestFails"]) == [("created", "file", "p/half.txt")]
    [process] = found["p.TestProcess"]["left"]
    assert process["place"] == "process" and process["ports"] == [port] and "socket.create_server" in process["path"]
    assert shown(found["p.TestDaemon"]) == [("alive", "process", "sleep 600")]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    if os.geteuid() == 0:
        assert sorted(p.relative_to(here.root) for p in here.root.rglob("*")) == before


def test_healthy_tests_give_no_alarm(bench: Give) -> None:
    here = bench({"p/p_test.go": HEALTHY, "p/golden.txt": "old"})
    assert leavers(here, "./...", code=0) == {}
    assert "nothing was left" in here.run("test", "leftovers", "./...")


def test_tells_the_package_from_its_tests(bench: Give) -> None:
    text = """
import ("os"; "testing")
var n int
func TestMain(m *testing.M) { os.WriteFile("main.txt", nil, 0o600); m.Run() }
func TestA(t *testing.T) { n++ }
func TestB(t *testing.T) { if n == 1 { os.WriteFile("both.txt", nil, 0o600) } }
func TestC(t *testing.T) { os.WriteFile("c.txt", nil, 0o600) }
"""
    found = leavers(bench({"p/p_test.go": text}), "./p")
    assert set(found) == {"p.TestC", "p."}
    assert shown(found["p.TestC"]) == [("created", "file", "p/c.txt")]
    assert [path for _, _, path in shown(found["p."])] == ["p/both.txt", "p/main.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a mount namespace")
def test_sees_what_is_written_to_the_shared_directory_and_not_what_others_write(bench: Give, tmp_path: Path) -> None:
    name = f"steadygo-{os.getpid()}-{time.monotonic_ns()}"
    text = f"""
import ("os"; "testing"; "time")
func TestHard(t *testing.T) {{
	if err := os.WriteFile("/tmp/{name}", nil, 0o600); err != nil {{ t.Fatal(err) }}
	time.Sleep(time.Second)
}}
func TestQuiet(t *testing.T) {{ time.Sleep(time.Second) }}
"""
    here = bench({"p/p_test.go": text})
    other = subprocess.Popen(["sh", "-c", f"while sleep 0.05; do : > /tmp/{name}-other-$(date +%N); done"])
    try:
        found = leavers(here, "./p")
    finally:
        other.kill()
        other.wait()
        for path in Path("/tmp").glob(f"{name}*"):
            path.unlink()
    assert set(found) == {"p.TestHard"}
    assert shown(found["p.TestHard"]) == [("created", "file", f"/tmp/{name}")]


def test_without_mounts_it_says_what_it_did_not_look_at(bench: Give, tmp_path: Path) -> None:
    here = bench({"p/p_test.go": LEAVES.replace("PORT", "1"), "p/golden.txt": "old", "p/gone.txt": "old"})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/unshare").write_text("#!/bin/sh\necho 'unshare: not permitted' >&2\nexit 1\n")
    (tmp_path / "bin/unshare").chmod(0o755)
    path = f"{tmp_path / 'bin'}:{here.environment['PATH']}"
    words = ("test", "leftovers", "./p", "--json", "--", "-run=Temp|Tree|Cache|Nothing")
    report = json.loads(here.run(*words, code=1, PATH=path))
    assert report["not_isolated"] == "unshare: not permitted"
    found = {leaver["test"]: leaver for leaver in report["packages"][0]["leavers"]}
    assert [path.startswith("$TMPDIR/export") for _, _, path in shown(found["TestTemp"])] == [True]
    assert ("created", "directory", "p/out/") in shown(found["TestTree"])
    assert shown(found["TestCache"]) == [("created", "directory", "~/.cache/app/")]
    assert "TestNothing" not in found


def test_what_does_not_compile_is_said(bench: Give) -> None:
    said = bench({"p/p_test.go": 'import "testing"\nfunc TestA(t *testing.T) { x }\n'}).run("test", "leftovers", "./p", code=1)
    assert "It does not compile" in said


def test_the_schema_knows_what_is_printed(bench: Give) -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs/schema/test-leftovers.schema.json").read_text())
    here = bench({"p/p_test.go": 'import ("os"; "testing")\nfunc TestA(t *testing.T) { os.WriteFile("x", nil, 0o600) }\n'})
    report = json.loads(here.run("test", "leftovers", "./p", "--json", code=1))
    package = schema["properties"]["packages"]["items"]["properties"]
    leaver = package["leavers"]["items"]["properties"]
    assert set(report) == set(schema["properties"])
    assert set(report["packages"][0]) == set(package)
    assert set(report["packages"][0]["leavers"][0]) == set(leaver)
    assert set(report["packages"][0]["leavers"][0]["left"][0]) == set(leaver["left"]["items"]["properties"])


DATABASES = """
import ("database/sql"; "os"; "testing"; _ "github.com/lib/pq")
func open(t *testing.T) *sql.DB {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil { t.Fatal(err) }
	t.Cleanup(func() { db.Close() })
	return db
}
func TestRows(t *testing.T) { if _, err := open(t).Exec("CREATE TABLE left_behind (id int)"); err != nil { t.Fatal(err) } }
func TestBeside(t *testing.T) { if _, err := open(t).Exec("CREATE DATABASE beside"); err != nil { t.Fatal(err) } }
func TestDropped(t *testing.T) {
	db := open(t)
	if _, err := db.Exec("CREATE DATABASE gone"); err != nil { t.Fatal(err) }
	if _, err := db.Exec("DROP DATABASE gone"); err != nil { t.Fatal(err) }
}
"""
DATA = '[test.data.db]\nkind = "postgresql"\nvariable = "DATABASE_URL"\nurl-from = "SERVER"\ntemplate = "empty"\n'


def test_names_databases_beside_the_tests_own(bench: Give) -> None:
    with servers.postgresql() as server:
        server.ask("CREATE DATABASE empty")
        here = bench({**drivers.module("github.com/lib/pq"), "p/p_test.go": DATABASES, "steadygo.toml": DATA})
        found = leavers(here, "./p", SERVER=server.url(), **drivers.ENVIRONMENT)
        assert set(found) == {"p.TestBeside"}
        assert shown(found["p.TestBeside"]) == [("created", "database", "beside")]


def test_says_that_nothing_is_known_where_no_test_comes_to_run(bench: Give) -> None:
    here = bench({"p/p_test.go": 'import ("os"; "testing")\nfunc TestMain(m *testing.M) { os.Exit(3) }\nfunc TestA(t *testing.T) {}\n'})
    said = here.run("test", "leftovers", "./p", code=1)
    assert "✗  example.com/svc/p  What its tests leave is not known" in said
    assert "exit status 3" in said


def test_a_package_without_its_test_data_ends_no_other(bench: Give) -> None:
    data = '[test.data.d]\nkind = "directory"\nvariable = "D"\ntemplate = "seed"\n'
    here = bench(
        {"steadygo.toml": data, "seed/a": "", **{f"{p}/{p}_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n' for p in "pq"}}
    )
    os.mkfifo(here.root / "seed" / "pipe")
    said = here.run("test", "leftovers", "./...", code=1)
    for package in "pq":
        assert f"✗  example.com/svc/{package}  [test.data.d]" in said


def test_an_interrupt_shows_what_was_found_by_then(bench: Give) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)
        body = f"""import ("net"; "os"; "testing"; "time")
func TestA(t *testing.T) {{ _ = os.WriteFile(os.TempDir() + "/left.txt", nil, 0o600) }}
func TestB(t *testing.T) {{
	_, err := net.Dial("tcp", "127.0.0.1:{server.getsockname()[1]}")
	if err != nil {{ t.Fatal(err) }}
	time.Sleep(time.Hour)
}}
"""
        process = bench({"p/p_test.go": body}).start("test", "leftovers", "./p")
        server.accept()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, (out, err)
    assert b"left.txt" in out
    assert b"It was stopped before all of its tests had run." in out
    assert b"TestB" not in out
