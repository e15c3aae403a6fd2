"""steadygo is killed by SIGKILL at moments of chance: nothing stays but what it has kept."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from go_tests import Bench

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

QUICK = 'import "testing"\n' + "".join(f"func Test{n}(t *testing.T) {{}}\n" for n in range(20))
START = """
import ("os/exec"; "syscall")
func start(env []string) {
	c := exec.Command("sleep", "SECONDS")
	c.SysProcAttr, c.Env = &syscall.SysProcAttr{Setsid: true}, env
	if err := c.Start(); err != nil { panic(err) }
}
"""
TIMED = 'import ("testing"; "time")\n'
SESSION = "func TestSession(t *testing.T) { start(nil); time.Sleep(time.Second / 3) }\n"
EMPTY = 'func TestEmpty(t *testing.T) { start([]string{"A=b"}); time.Sleep(time.Hour) }\n'
CHILD = 'import ("os/exec"; "testing")\nfunc TestChild(t *testing.T) { exec.Command("sh", "-c", "sleep SECONDS; :").Run() }\n'
SUITE = {
    "session/start_test.go": START,
    "empty/start_test.go": START,
    "silent/s_test.go": TIMED + "func TestSilent(t *testing.T) { time.Sleep(700 * time.Millisecond) }\n",
    "child/c_test.go": CHILD,
    "session/s_test.go": TIMED + SESSION,
    "empty/e_test.go": TIMED + EMPTY,
    **{f"quick{n}/q_test.go": QUICK for n in range(4)},
}


def _left(mark: str) -> list[str]:
    """Processes that have the mark in their environment or their arguments."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            arguments, environment = (Path(f"/proc/{name}/{part}").read_bytes() for part in ("cmdline", "environ"))
        except OSError:
            continue
        if mark.encode() in arguments or mark.encode() in environment:
            found.append(f"{name} {arguments.decode().replace(chr(0), ' ')}")
    return found


def _sleeping(mark: str) -> int:
    return sum("sleep" in line for line in _left(mark))


def _gone(mark: str) -> list[str]:
    deadline = time.monotonic() + 20
    while (left := _left(mark)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


@pytest.mark.parametrize(("words", "moments"), [((), 20), (("--workers", "2"), 8)], ids=["alone", "workers"])
def test_sigkill_at_any_moment_leaves_nothing(words: tuple[str, ...], moments: int, bench: Give, tmp_path: Path) -> None:
    seed = int(os.environ.get("STEADYGO_TEST_SEED", time.time_ns() % 1_000_000))
    print("STEADYGO_TEST_SEED =", seed)
    chance = random.Random(seed)
    mark = str(10_000_000 + os.getpid())  # seconds that nobody else sleeps
    here = bench({name: text.replace("SECONDS", mark) for name, text in SUITE.items()})
    temporary, database = tmp_path / "tmp", tmp_path / "state" / "steadygo" / "steadygo.db"
    temporary.mkdir()
    slept, longest = 0, 60.0  # seconds; the first time until two children sleep, then half as much again as that took
    for moment in range(moments):
        here.write({f"quick{n}/new.go": f"const New = {chance.random()}\n" for n in range(4)})  # there is something to compile
        process = here.start("test", "./...", *words, "--", "-timeout=60s", "-p=6", TMPDIR=str(temporary), MARK=mark)
        began, after = time.monotonic(), chance.uniform(0.0, longest) if moment else longest
        while time.monotonic() < began + after and (moment or _sleeping(mark) < 2):
            time.sleep(0.01)
        after = time.monotonic() - began
        longest = longest if moment else 1.5 * after
        slept += _sleeping(mark) > 0
        os.kill(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
        when = f"seed {seed}, moment {moment}, after {after:.3f} s, which had printed {out!r}"
        assert not _gone(mark), when
        assert list(temporary.iterdir()) == [], when
        if database.exists():
            with open(f"{database}.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with sqlite3.connect(database, timeout=0.0) as db:
                db.execute("BEGIN IMMEDIATE")
            db.close()
        if here.start("test", "show").wait(60) != 2:
            shown = here.run("test", "show")
            assert "It never ran: the run was stopped" in shown, when
            assert all(line.split()[1] in shown for line in out.decode().splitlines() if line.startswith("✓")), when
    assert slept > 2, "none of the moments came late enough"
    assert here.test("./quick0", TMPDIR=str(temporary), MARK=mark)["passed"] == 20
    assert not _left(mark)
    assert list(temporary.iterdir()) == []
