"""What the survey of tests collects."""

from __future__ import annotations

import pytest

from steadygo.facts.gocode import GoCode
from steadygo.facts.modules import GoMod
from steadygo.facts.testing import Survey, survey
from steadygo.read import go, gomod

_HEAD = 'package store\n\nimport (\n\t"math/rand"\n\t"os"\n\t"testing"\n\t"time"\n)\n\n'


def surveyed(body: str, declarations: str = "var Current = 1\n") -> Survey:
    module = gomod.read("go.mod", b"module example.com/orders\n\ngo 1.24\n")
    assert isinstance(module, GoMod)
    files = [
        go.read("store/store.go", f"package store\n\n{declarations}".encode()),
        go.read("store/store_test.go", (_HEAD + body).encode()),
    ]
    return survey(GoCode(files, [module]))


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("time.Sleep(time.Second)", 1),
        ("time.Sleep(time.Millisecond)", 0),
        ("for { time.Sleep(time.Second) }", 0),
        ("go func() { time.Sleep(time.Second) }()", 0),
        ('t.Run("a", func(t *testing.T) { time.Sleep(time.Second) })', 1),
        ("each(func() { time.Sleep(time.Second) })", 0),
    ],
)
def test_sleeps_of_the_test_itself(statement: str, number: int) -> None:
    assert len(surveyed(f"func TestA(t *testing.T) {{\n\t{statement}\n}}\n").sleeps) == number


@pytest.mark.parametrize(
    ("statements", "kinds"),
    [
        ('os.Setenv("A", "1")', ["environment"]),
        ('os.Setenv("A", "1")\n\tdefer os.Unsetenv("A")', []),
        ('old := os.Getenv("A")\n\tos.Setenv("A", "1")\n\tuse()\n\tos.Setenv("A", old)', []),
        ('t.Setenv("A", "")\n\tos.Setenv("A", "1")', []),
        ('os.Unsetenv("A")', []),
        ("os.Chdir(t.TempDir())", ["directory"]),
        ("old, _ := os.Getwd()\n\tos.Chdir(t.TempDir())\n\tdefer os.Chdir(old)", []),
        ("Current = 2", ["variable"]),
        ("Current = 2\n\tt.Cleanup(func() { Current = 1 })", []),
        ("Current := 1\n\tCurrent = 2", []),
        ("other = 2", []),
    ],
)
def test_state_that_is_left(statements: str, kinds: list[str]) -> None:
    assert [s.kind for s in surveyed(f"func TestA(t *testing.T) {{\n\t{statements}\n}}\n").left] == kinds


def test_a_helper_of_the_same_file_may_put_back() -> None:
    reset = "func reset(t *testing.T) {\n\told := Current\n\tt.Cleanup(func() { Current = old })\n}\n"
    assert surveyed(f"func TestA(t *testing.T) {{\n\treset(t)\n\tCurrent = 2\n}}\n\n{reset}").left == ()


def test_main_of_tests_and_functions_that_are_no_tests_are_left_out() -> None:
    found = surveyed('func TestMain(m *testing.M) {\n\tos.Setenv("A", "1")\n\tCurrent = rand.Int()\n}\n\nfunc set() { Current = 3 }\n')
    assert found == Survey((), (), (), (), (), ())


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ('os.WriteFile("/tmp/a", nil, 0o644)', ["outside"]),
        ('os.WriteFile("a.txt", nil, 0o644)', ["tree"]),
        ('os.WriteFile("/dev/null", nil, 0o644)', []),
        ('os.OpenFile("/tmp/a", os.O_RDONLY, 0)', []),
        ('os.OpenFile("/tmp/a", os.O_CREATE|os.O_WRONLY, 0)', ["outside"]),
        ('if *update { os.WriteFile("golden", nil, 0o644) }', []),
        ('os.WriteFile("a.txt", nil, 0o644); defer os.Remove("a.txt")', []),
        ('os.WriteFile(t.TempDir()+"/a", nil, 0o644)', []),
    ],
)
def test_files_at_fixed_places(statement: str, kinds: list[str]) -> None:
    assert [s.kind for s in surveyed(f"func TestA(t *testing.T) {{\n\t{statement}\n}}\n").files] == kinds


def test_a_survey_is_made_once() -> None:
    code = GoCode([go.read("store/store_test.go", _HEAD.encode())], [])
    assert survey(code) is survey(code)
