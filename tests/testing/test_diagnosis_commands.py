"""The commands that a diagnosis prints, as a person pastes them into a shell."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from steadygo.testing.diagnosis import laboratory
from steadygo.testing.diagnosis.case import Budget, Case, Found
from steadygo.testing.diagnosis.factors import Surroundings, cheap, dear, variables
from steadygo.testing.diagnosis.probe import Answer, Prober, Spent
from steadygo.testing.diagnosis.reproduce import Commands, conclude
from steadygo.testing.diagnosis.trial import Trial
from steadygo.testing.engine import Setting
from steadygo.testing.flags import Flags
from steadygo.testing.plan import Planned


@pytest.fixture
def here(tmp_path: Path) -> Surroundings:
    package = tmp_path / "svc"
    package.mkdir()
    (package / "go.mod").write_text("module example.com/orders\n")
    (package / "p.go").write_text('package p\nvar a, b, c = os.Getenv("REGION"), os.Getenv("API_TOKEN"), os.Getenv("MISSING")\n')
    (tmp_path / "scratch").mkdir()
    return Surroundings(
        {"PATH": os.environ["PATH"], "REGION": "eu west", "API_TOKEN": "5b1c9a42f0de"}, tmp_path / "scratch", package, package
    )


def test_a_pasted_command_leaves_the_shell_as_it_was(here: Surroundings) -> None:
    state = "pwd; umask; set"
    for change in (*cheap(here)[0], *dear(here)):
        for repeat in (1, 2):
            said = Trial(tests=("TestX",), change=change, repeat=repeat).command("p", (), "true")
            script = f'begin=$({state})\n{said}\n[ "$begin" = "$(unset begin; {state})" ] && echo unchanged'
            ran = subprocess.run(["sh", "-c", script], cwd=here.package, env=dict(here.environment), capture_output=True, text=True)
            assert ran.stdout == "unchanged\n", (change.words, ran)


def test_a_present_value_is_spelled_where_it_makes_the_test_fail_but_no_secret(here: Surroundings) -> None:
    changes = {change.factor: change for change in variables((), here.package, here.environment)}
    assert changes.keys() == {"REGION", "API_TOKEN", "MISSING"}
    assert changes["REGION"].unchanged == f"env REGION={shlex.quote('eu west')} {{}}"
    assert changes["MISSING"].unchanged == "env -u MISSING {}"
    assert changes["API_TOKEN"].unchanged == "{}"


@pytest.mark.parametrize(
    ("said", "shows"),
    [
        ("--- FAIL: TestX (0.00s)\nFAIL", True),
        ("--- FAIL: TestX (0.00s)\n    --- FAIL: TestX/sub (0.00s)\nFAIL", True),
        ("--- FAIL: example.com/p TestX/sub (0.00s)\n    x_test.go:5: of steadygo, which tells a parent by its subtests\n✗ FAIL", True),
        ("--- FAIL: TestXY (0.00s)\nFAIL", False),
        ("--- FAIL: TestXY (0.00s)\n--- FAIL: TestX (0.00s)\nFAIL", True),
        ("panic: before any test\nFAIL\tp\t0.01s", True),
        ("FAIL\tp [build failed]", False),
    ],
)
def test_a_command_shows_the_failure_of_the_test_itself(said: str, shows: bool, tmp_path: Path) -> None:
    (tmp_path / "said").write_text(said)
    setting = Setting(Path("go"), "", tmp_path, os.environ, Flags(), Path("test2json"))
    assert laboratory._fails("cat said; exit 1", "TestX", setting, tmp_path, 60.0) is shows
    assert not laboratory._fails("cat said; exit 0", "TestX", setting, tmp_path, 60.0)


def test_a_command_has_the_time_that_the_budget_leaves(tmp_path: Path) -> None:
    setting = Setting(Path("go"), "", tmp_path, os.environ, Flags(), Path("test2json"))
    assert laboratory._fails("exec sleep 600", "TestX", setting, tmp_path, 0.2) is None


@pytest.mark.parametrize(("late", "said"), [(0, "the command below was stopped"), (1, "the command of steadygo below was stopped")])
def test_a_command_that_was_stopped_is_told(late: int, said: str) -> None:
    run = iter([*[True] * late, None]).__next__
    case = Case(lambda trial: pytest.fail("no more runs"), "TestX", Budget(10))
    found = conclude(
        case, Found("nondeterministic", Trial(tests=("TestX",))), Commands("p", "go", (), lambda line: run()), lambda found: found
    )
    assert found.because == (f"{said} in its trial: it took too long",)
    assert found.reproduce and found.steadygo


def test_a_run_ends_with_the_time_of_the_budget(tmp_path: Path) -> None:
    binary = tmp_path / "hangs"
    binary.write_text("#!/bin/sh\nexec sleep 600\n")
    binary.chmod(0o755)
    setting = Setting(Path("go"), "", tmp_path, os.environ, Flags(), Path("/bin/cat"))
    prober = Prober(Planned("example.com/p", tmp_path, "", ("TestX",)), "TestX", setting, tmp_path, time.monotonic() + 0.2)
    prober._binaries[(), None, ""] = binary
    with pytest.raises(Spent):
        prober.ask(Trial(tests=("TestX",)))


def test_toolchains_are_sorted_by_their_numbers() -> None:
    versions = ["go1.9", "go1.21.9", "go1.21.10", "go1.22beta1", "go1.22rc1", "go1.22rc2", "go1.22.0", "go1.22.1"]
    assert sorted(versions, key=laboratory._by_number) == versions


def test_a_toolchain_without_a_version_is_none(tmp_path: Path) -> None:
    for name in ("own", "empty"):
        (tmp_path / "sdk" / name / "bin").mkdir(parents=True)
        (tmp_path / "sdk" / name / "bin/go").touch()
        (tmp_path / "sdk" / name / "VERSION").touch()
    own = tmp_path / "sdk/own"
    setting = Setting(own / "bin/go", str(own), tmp_path, {"HOME": str(tmp_path)}, Flags(), Path("test2json"))
    assert not [go for go in laboratory._toolchains(setting) if go.is_relative_to(tmp_path)]


def test_a_run_that_the_budget_stopped_is_counted() -> None:
    def ask(trial: Trial) -> Answer:
        raise Spent

    case = Case(ask, "TestX", Budget(10, 1.0))
    with pytest.raises(Spent):
        case.ask(case.alone)
    assert case.runs == 1
