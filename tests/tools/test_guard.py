"""A second process clears up after one that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from steadygo.tools import guard
from steadygo.tools.run import run

START = """
import os, subprocess, sys, time
from pathlib import Path
from steadygo.tools import guard
from steadygo.tools.run import run
place = Path(sys.argv[1])

def leave(*, session=False, empty=False):
    code = f"import os, time; open({str(place)!r} + '/pid' + str(os.getpid()), 'w').close(); time.sleep(600)"
    return subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=session)

with guard.watching():
"""


def _pids(place: Path) -> set[int]:
    return {int(p.name[3:]) for p in place.glob("pid*")}


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _until(what: Callable[[], bool], seconds: float = 120.0) -> bool:
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)
    return what()


def _start(body: str, place: Path, **more: str) -> subprocess.Popen[bytes]:
    place.mkdir(exist_ok=True)
    text = START + "".join(f"    {line}\n" for line in body.splitlines())
    return subprocess.Popen([sys.executable, "-c", text, str(place)], start_new_session=True, env={**os.environ, **more})


@pytest.mark.parametrize(
    "body",
    [
        "leave(); time.sleep(600)",
        "leave(session=True); time.sleep(600)",
        'run(["sh", "-c", f"env -i setsid sh -c \'touch {place}/pid$$; exec sleep 600\' & sleep 600"])',
        'run(["sh", "-c", f"setsid sh -c \'touch {place}/pid$$; exec sleep 600\' & sleep 600"])',
        'run(["sh", "-c", f"env -i sh -c \'touch {place}/pid$$; exec sleep 600\' & exec sleep 0.5"]); time.sleep(600)',
    ],
    ids=["child", "session", "empty environment", "grandchild in a session", "orphan of a group with an empty environment"],
)
@pytest.mark.parametrize("whole", [False, True], ids=["process", "group"])
def test_sigkill_leaves_no_process(tmp_path: Path, body: str, whole: bool) -> None:
    process = _start(body, tmp_path / "p")
    assert _until(lambda: bool(_pids(tmp_path / "p")))
    (pid,) = _pids(tmp_path / "p")
    assert _alive(pid)
    (os.killpg if whole else os.kill)(process.pid, signal.SIGKILL)
    process.wait()
    assert _until(lambda: not _alive(pid)), body


def test_what_is_registered_goes_the_newest_first_and_what_was_withdrawn_stays(tmp_path: Path) -> None:
    body = """
with guard.on_death(remove=place / "withdrawn"): (place / "withdrawn").mkdir()
one, two = (["sh", "-c", f"echo {word} >> {place}/said"] for word in ("one", "$WORD"))
with guard.on_death(remove=place / "never-made"), guard.on_death(run=one), guard.on_death(run=two, environment={"WORD": "two"}), \\
        guard.scratch("guard-test-", {"GOTMPDIR": str(place)}) as s:
    (s / "closed").mkdir(); (s / "closed" / "file").touch(); (s / "closed").chmod(0o500)
    (place / "link").mkdir(); (s / "away").symlink_to(place / "link")
    (place / "ready").touch()
    time.sleep(600)
"""
    place = tmp_path / "p"
    process = _start(body, place)
    assert _until((place / "ready").exists)
    assert len(list(place.glob("guard-test-*"))) == 1
    process.kill()
    process.wait()
    assert _until(lambda: not list(place.glob("guard-test-*")))
    assert (place / "said").read_text() == "two\none\n"
    assert (place / "withdrawn").exists()
    assert (place / "link").exists()


def test_what_was_left_behind_is_gone_when_the_block_ends(tmp_path: Path) -> None:
    with guard.watching():
        token = os.environ[guard.VARIABLE]
        ran = run(
            ["sh", "-c", f"setsid sh -c 'touch {tmp_path}/pid$$; exec sleep 600' >/dev/null 2>&1 &"],
            environment={"PATH": os.environ["PATH"]},
        )
        assert ran.ok
        assert _until(lambda: bool(_pids(tmp_path)))
        (pid,) = _pids(tmp_path)
        assert _alive(pid)
        with guard.watching():
            assert os.environ[guard.VARIABLE] == token
    assert not _alive(pid)
    assert guard.VARIABLE not in os.environ


def test_a_guard_in_a_guard_takes_its_own_with_it(tmp_path: Path) -> None:
    inner = START + "    leave(session=True); time.sleep(600)\n"
    (tmp_path / "inner.py").write_text(inner)
    process = _start(f"subprocess.Popen([sys.executable, {str(tmp_path / 'inner.py')!r}, str(place)]).wait()", tmp_path / "p")
    assert _until(lambda: bool(_pids(tmp_path / "p")))
    process.kill()
    process.wait()
    assert _until(lambda: not any(map(_alive, _pids(tmp_path / "p"))))


def test_a_copy_of_the_process_that_holds_the_pipe_does_not_hide_its_death(tmp_path: Path) -> None:
    body = "left = leave()\nif os.fork() == 0: (place / f'pid{os.getpid()}').touch(); time.sleep(600); os._exit(0)\ntime.sleep(600)"
    process = _start(body, tmp_path / "p")
    assert _until(lambda: len(_pids(tmp_path / "p")) == 2)
    process.kill()
    process.wait()
    try:
        assert _until(lambda: sum(map(_alive, _pids(tmp_path / "p"))) == 1)
    finally:
        for pid in filter(_alive, _pids(tmp_path / "p")):
            os.kill(pid, signal.SIGKILL)


def test_a_scratch_directory_without_a_place_is_the_users_fault(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="GOTMPDIR"), guard.scratch("x-", {"GOTMPDIR": str(tmp_path / "nowhere")}):
        pass


def test_scratch_directories_are_removed_without_a_guard(tmp_path: Path) -> None:
    with guard.scratch("x-", {"GOTMPDIR": str(tmp_path)}) as path:
        (path / "file").touch()
    assert list(tmp_path.iterdir()) == []
