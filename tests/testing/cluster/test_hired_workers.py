"""`steadygo test --workers N`: the same answers as without, whatever happens to a worker."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from go_tests import Bench

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

MIXED = """
import ("fmt"; "os"; "testing")
func TestPasses(t *testing.T) { t.Log("said") ; _ = os.Getenv("FLAVOUR") }
func TestFails(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Error("wrong") }) }
func TestSkips(t *testing.T) { t.Skip("later") }
func TestPrints(t *testing.T) { fmt.Print("no newline") }
"""


def _outcomes(document: Mapping[str, list[dict[str, str]]]) -> list[tuple[str, str, str, str, str]]:
    def said(output: str) -> str:
        return re.sub(r"\(\d+\.\d+s\)", "(…)", output.partition("\ngoroutine ")[0])

    return sorted((t["package"], t["test"], t["outcome"], t["why"], said(t["output"])) for t in document["tests"])


def test_answers_are_those_of_a_run_without_workers(bench: Give) -> None:
    files = {f"{name}/{name}_test.go": MIXED for name in "abc"}
    files |= {"empty/empty.go": "", "broken/b_test.go": 'import "testing"\nfunc TestA(t *testing.T) { missing() }\n'}
    files |= {"crash/c_test.go": 'import ("os"; "testing")\nfunc TestA(t *testing.T) { os.Exit(0) }\nfunc TestB(t *testing.T) {}\n'}
    here = bench(files)
    alone, shared = here.test("./...", code=1), here.test("./...", "--workers", "2", code=1)
    assert _outcomes(shared) == _outcomes(alone)
    assert {(p["package"], p["outcome"], p["why"], p["source"]) for p in shared["packages"]} == {
        (p["package"], p["outcome"], p["why"], p["source"]) for p in alone["packages"]
    }
    assert (shared["passed"], shared["failed"], shared["skipped"]) == (alone["passed"], alone["failed"], alone["skipped"])
    ran = [w["worker"] for p in shared["packages"] for w in p.get("workers", ())]
    assert set(ran) <= {"local-1", "local-2"} and len(ran) == 5
    assert "getenv FLAVOUR" in here.run("test", "show", "--looked")


MEETS = """import ("fmt"; "os"; "path/filepath"; "testing"; "time")
func meet() {
	place := os.Getenv("MEET")
	if place == "" { time.Sleep(time.Second); return }
	os.WriteFile(fmt.Sprintf("%s/%d", place, os.Getpid()), nil, 0o600)
	for found := []string{}; len(found) < 2; time.Sleep(10 * time.Millisecond) { found, _ = filepath.Glob(place + "/*") }
}
"""


def test_a_long_package_is_divided_and_counted_once(bench: Give, tmp_path: Path) -> None:
    text = MEETS + "".join(f"func Test{n}(t *testing.T) {{ meet() }}\n" for n in range(8))
    here = bench({"long/long_test.go": text, "short/short_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n'})
    here.test("./...", "--workers", "2")
    (tmp_path / "meet").mkdir()
    found = here.test("./...", "--workers", "2", MEET=str(tmp_path / "meet"))  # neither half ends before the other has begun
    assert (found["passed"], found["failed"]) == (9, 0)
    long = next(p for p in found["packages"] if p["package"].endswith("long"))
    assert sorted(w["tests"] for w in long["workers"]) == [4, 4]
    assert {w["worker"] for w in long["workers"]} == {"local-1", "local-2"}


def test_coverage_is_one_profile(bench: Give) -> None:
    files = {f"{p}/{p}.go": "func F() int { return 1 }\n" for p in "ab"}
    files |= {f"{p}/{p}_test.go": 'import "testing"\nfunc TestF(t *testing.T) { F() }\n' for p in "ab"}
    here = bench(files)
    here.run("test", "./...", "--workers", "2", "--", "-coverprofile=c.out")
    assert "100.0%" in here.go("tool", "cover", "-func=c.out").stdout.splitlines()[-1]


_SLEEP = str(2_000_000 + os.getpid())  # seconds that no other test sleeps
HANGS = {
    "a/a_test.go": 'import "testing"\nfunc TestQuick(t *testing.T) {}\n',
    "b/b_test.go": f'import ("os/exec"; "testing")\nfunc TestHangs(t *testing.T) {{ exec.Command("sleep", "{_SLEEP}").Run() }}\n',
}


def _processes(*marks: str) -> list[int]:
    listed = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True).stdout.splitlines()
    return [int(line.split()[0]) for line in listed if all(mark in line for mark in marks)]


def _wait_for(question: Callable[[], object], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_interrupt_stops_everything_and_keeps_what_was_seen(bench: Give, tmp_path: Path) -> None:
    here = bench(HANGS)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = here.start("test", "./...", "--workers", "2", TMPDIR=str(temporary))
    assert process.stdout is not None and b"svc/a" in process.stdout.readline()
    assert _wait_for(lambda: _processes(f"sleep {_SLEEP}"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert b"1 passed" in out, out
    assert _wait_for(lambda: not _processes(f"sleep {_SLEEP}"))
    assert "the run was stopped" in here.run("test", "show")
    assert _wait_for(lambda: not list(temporary.iterdir()))


def test_python_files_of_the_repository_are_not_imported_and_no_temporary_file_stays(bench: Give, tmp_path: Path) -> None:
    here = bench({"a/a_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n', "queue.py": "raise SystemExit('imported')\n"})
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = [sys.executable, "-P", "-m", "steadygo", "test", "./...", "--workers", "2"]
    ran = subprocess.run(
        program, cwd=here.root, env={**here.environment, "TMPDIR": str(temporary)}, capture_output=True, text=True, timeout=120
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert _wait_for(lambda: not list(temporary.iterdir()))


def test_nothing_is_left_when_steadygo_is_killed(bench: Give) -> None:
    here = bench(HANGS)
    process = here.start("test", "./...", "--workers", "2")
    assert _wait_for(lambda: _processes(f"sleep {_SLEEP}"))
    workers = _children(process.pid)
    process.kill()
    process.communicate()
    assert _wait_for(lambda: not _processes(f"sleep {_SLEEP}") and not any(Path(f"/proc/{w}").exists() for w in workers))


def _children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + _workers(pid)


def _workers(pid: int) -> list[int]:
    return [p for p in _processes("cluster worker") if _parent(p) == pid]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


GATED = """
import ("os"; "testing"; "time")
func TestA(t *testing.T) { for { if _, err := os.Stat(os.Getenv("GATE")); err == nil { return }; time.Sleep(10 * time.Millisecond) } }
func TestB(t *testing.T) {}
"""


def _at_work(temporary: Path, process: subprocess.Popen[bytes]) -> set[int]:
    """The workers of a steadygo that have a test binary running."""
    workers = _workers(process.pid)
    return {a for p in _processes(f"{temporary}/", ".test ") for a in _ancestors(p) if a in workers}


def _ancestors(pid: int) -> Iterator[int]:
    while pid := _parent(pid):
        yield pid


def test_a_killed_worker_costs_nothing_but_time(bench: Give, tmp_path: Path) -> None:
    here = bench({f"p{n}/p_test.go": GATED for n in range(3)})
    temporary, gate = tmp_path / "tmp", tmp_path / "gate"
    temporary.mkdir()
    process = here.start("test", "./...", "--workers", "2", "--json", TMPDIR=str(temporary), GATE=str(gate))
    assert _wait_for(lambda: len(_at_work(temporary, process)) == 2)
    os.kill(min(_at_work(temporary, process)), signal.SIGKILL)
    gate.touch()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    assert b'"passed": 6, "failed": 0' in out
    lost = rb"steadygo: Worker local-\d is lost: its connection to the scheduler ended\. The \d shards? it had goe?s? to others\.\n"
    assert re.fullmatch(lost, err), err
    assert _wait_for(lambda: not list(temporary.iterdir()))


def _dying(place: Path, *names: str) -> dict[str, str]:
    """An environment in which the workers of these names are killed as soon as they start."""
    place.mkdir()
    text = f"import os, signal, sys\nif {{*sys.orig_argv}} & {set(names)!r}: os.kill(os.getpid(), signal.SIGKILL)\n"
    (place / "sitecustomize.py").write_text(text)
    return {"PYTHONPATH": str(place)}


def test_a_worker_that_dies_before_it_joins_is_named_and_costs_nothing_but_time(bench: Give, tmp_path: Path) -> None:
    here, gate = bench({f"p{n}/p_test.go": GATED for n in range(3)}), tmp_path / "gate"
    process = here.start("test", "./...", "--workers", "2", "--json", **_dying(tmp_path / "site", "local-1"), GATE=str(gate))
    assert process.stderr is not None and select.select([process.stderr], [], [], 120)[0]
    assert process.stderr.readline() == (
        b"steadygo: Worker local-1 ended before it took part (killed by SIGKILL). The others run its share.\n"
    )
    gate.touch()
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, b""), out
    assert b'"passed": 6, "failed": 0' in out


def test_a_run_whose_workers_have_all_died_ends_and_says_so(bench: Give, tmp_path: Path) -> None:
    here = bench({"a/a_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n'})
    said = here.run("test", "./...", "--workers", "2", code=2, **_dying(tmp_path / "site", "local-1", "local-2"))
    assert re.fullmatch(
        r"(steadygo: Worker local-\d ended before it took part .*\n)?"
        r"steadygo: All worker processes of this run have ended \(local-1: killed by SIGKILL, local-2: killed by SIGKILL\)\. "
        r"Was there memory for all of them\? Run fewer, or without --workers\. What is left: example\.com/svc/a\n",
        said,
    ), said


def test_what_ran_before_all_workers_died_is_shown_and_kept(bench: Give, tmp_path: Path) -> None:
    here = bench({"quick/q_test.go": 'import "testing"\nfunc TestQuick(t *testing.T) {}\n', "slow/s_test.go": GATED})
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = here.start("test", "./...", "--workers", "2", TMPDIR=str(temporary), GATE=str(tmp_path / "never"))
    assert process.stdout is not None and b"svc/quick" in process.stdout.readline()
    assert _wait_for(lambda: _at_work(temporary, process))
    for worker in _workers(process.pid):
        os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 2, (out, err)
    assert b"1 passed" in out, out
    assert re.search(rb"All worker processes of this run have ended \(.*\)\. .* What is left: example\.com/svc/slow\n", err), err
    kept = here.run("test", "show", "--json")
    assert [t["test"] for t in json.loads(kept)["tests"] if t["outcome"] == "passed"] == ["TestQuick"], kept


def test_without_the_extra_one_sentence_says_how_to_get_it(bench: Give) -> None:
    here = bench({"a/a_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n'})
    code = "import sys; sys.modules['distributed'] = None; from steadygo.cli import main; sys.argv[1:] = ['test', '--workers', '2']; main()"
    ran = subprocess.run([sys.executable, "-c", code], cwd=here.root / "a", env=dict(here.environment), capture_output=True, text=True)
    assert ran.returncode == 2
    assert ran.stderr == "steadygo: Tests on several workers need the package `distributed`. Install it: pip install 'steadygo[cluster]'\n"
