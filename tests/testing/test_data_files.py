"""Each test binary with a SQLite database or a directory of its own. The tests ask SQLite through Python, which every machine here has."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from go_tests import Bench, killed

Give = Callable[..., Bench]

SCRIPT = "CREATE TABLE orders (customer text UNIQUE);\nINSERT INTO orders VALUES ('from; the template');\n"
TEST = """
import ("os"; "os/exec"; "strings"; "testing"; "time")
func sqlite(t *testing.T, statement string) string {
	code := "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); print(d.execute(sys.argv[2]).fetchall()); d.commit()"
	out, err := exec.Command(os.Getenv("PYTHON"), "-c", code, os.Getenv("DB_PATH"), statement).CombinedOutput()
	if err != nil { t.Fatalf("%s", out) }
	return strings.TrimSpace(string(out))
}
func TestOnlyMine(t *testing.T) {
	sqlite(t, "INSERT INTO orders VALUES ('the same everywhere')")
	time.Sleep(PAUSE * time.Millisecond)
	if _, err := os.Stat(os.Getenv("FRESH")); !os.IsNotExist(err) { t.Fatal("SQLite makes it", err) }
	if entries, err := os.ReadDir(os.Getenv("EMPTY")); err != nil || len(entries) != 0 { t.Fatal(entries, err) }
	if n := sqlite(t, "SELECT count(*) FROM orders"); n != "[(2,)]" { t.Fatal(n) }
}
func TestDirectory(t *testing.T) {
	here := os.Getenv("FILES")
	if err := os.WriteFile(here + "/new", nil, 0o600); err != nil { t.Fatal(err) }
	if err := os.WriteFile(here + "/sub/seed", []byte("changed"), 0o600); err != nil { t.Fatal(err) }
	entries, err := os.ReadDir(here)
	if err != nil || len(entries) != 3 { t.Fatal(entries, err) }
	if aim, err := os.Readlink(here + "/link"); err != nil || aim != "sub/seed" { t.Fatal(aim, err) }
}
"""
TABLE = """
[test.data.orders]
kind = "sqlite"
variables = { DB_PATH = "{path}", DB_URI = "{url}?_pragma=busy_timeout(5000)" }
snapshot = "testdata/seed.sql"
[test.data.files]
kind = "directory"
variable = "FILES"
template = "testdata/files"
[test.data.empty]
kind = "directory"
variable = "EMPTY"
[test.data.fresh]
kind = "sqlite"
variable = "FRESH"
"""


def service(bench: Give, packages: int = 2, pause: int = 300) -> Bench:
    """A service whose packages all write the same row and file."""
    tests = {f"p{n}/p_test.go": TEST.replace("PAUSE", str(pause)) for n in range(packages)}
    here = bench({"steadygo.toml": TABLE, "testdata/seed.sql": SCRIPT, "testdata/files/sub/seed": "seed", **tests})
    (here.root / "testdata/files/link").symlink_to("sub/seed")
    return here


def _lent(temporary: Path) -> bool:
    """Whether a test binary has its copies; os.walk bears that directories vanish meanwhile."""
    return any(name.endswith(("_p0", "_p1")) for _, names, _ in os.walk(temporary) for name in names)


def _left(temporary: Path) -> list[str]:
    """Files, but for kept templates."""
    return [f"{at}/{name}" for at, _, names in os.walk(temporary) for name in names if not at.endswith("/templates")]


@pytest.mark.slow
def test_packages_in_parallel_do_not_see_each_other_nor_the_run_before(bench: Give, tmp_path: Path) -> None:
    here = service(bench)
    temporary = tmp_path / "a place with % and space"
    temporary.mkdir()
    for _ in range(2):
        found = here.test("./...", "--", "-p=2", PYTHON=sys.executable, TMPDIR=str(temporary))
        assert found["passed"] == 4
    kept = list(temporary.rglob("*.db"))
    assert [k.parent.name for k in kept] == ["templates"]  # loaded once for its content
    assert (here.root / "testdata/files/sub/seed").read_text() == "seed"
    shown = json.loads(here.run("test", "data", "--json", "--clean", TMPDIR=str(temporary)))
    assert [(c["name"], c["state"]) for c in shown["cleaned"]] == [(f"templates/{kept[0].name}", "template")]
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_killed_run_leaves_nothing(bench: Give, tmp_path: Path) -> None:
    here, temporary, with_files = service(bench, pause=1500), tmp_path / "t", 0
    temporary.mkdir()
    started = time.monotonic()
    here.test("./...", "--", "-p=4", PYTHON=sys.executable, TMPDIR=str(temporary))
    whole = time.monotonic() - started
    for number in range(8):
        seconds = random.Random(number).uniform(0.1, whole)
        process = here.start("test", "./...", "--", "-p=4", PYTHON=sys.executable, TMPDIR=str(temporary))
        if number % 2:  # while there is something to leave
            while not _lent(temporary) and process.poll() is None:
                time.sleep(0.02)
            seconds %= 0.5
        time.sleep(seconds)
        with_files += _lent(temporary)
        killed(process)
        assert _left(temporary) == [], seconds
    assert with_files >= 2
