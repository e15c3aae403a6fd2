"""`steadygo test` on real toolchains: nothing that was planned goes missing in silence."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from go_tests import INSTALL_GO, Bench, processes

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

GOOD = """
import ("fmt"; "os"; "testing")
func TestA(t *testing.T) { t.Log("hi"); _ = os.Getenv("FLAVOUR"); os.ReadFile("/etc/hostname") }
func TestB(t *testing.T) {
	t.Run("sub", func(t *testing.T) { fmt.Print("no newline") })
	t.Run("later", func(t *testing.T) { t.Skip("later") })
}
func Example() {
	fmt.Println("x")
	// Output: x
}
func FuzzZ(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, i int) {}) }
"""


@pytest.mark.parametrize("version", INSTALL_GO.VERSIONS)
def test_counts_what_go_test_counts(bench: Give, version: str) -> None:
    here = bench({"good/good_test.go": GOOD, "empty/empty.go": ""}, version)
    found = here.test("./...")
    outcomes = {t["test"]: t["outcome"] for t in found["tests"]}
    plain = here.go("test", "-count=1", "-v", "./good")
    assert plain.returncode == 0
    said = {line.split()[2]: line.split()[1] for line in plain.stdout.splitlines() if line.strip().startswith("---")}
    assert {name: {"PASS:": "passed", "SKIP:": "skipped"}[word] for name, word in said.items()} == outcomes
    assert (found["passed"], found["failed"], found["skipped"]) == (len(outcomes) - 1, 0, 1)
    assert "getenv FLAVOUR" in here.run("test", "show", "--looked")


@pytest.mark.parametrize(
    ("body", "sentence", "lost"),
    [
        ("func TestB(t *testing.T) { go func() { panic(\"boom\") }(); select {} }", "ended with panic: boom while TestB ran", 2),
        ("func TestB(t *testing.T) { os.Exit(0) }", "A test called os.Exit(0) while TestB ran", 1),
        ("func TestB(t *testing.T) { os.Exit(7) }", "The process ended with exit status 7 while TestB ran", 2),
        ("func TestB(t *testing.T) { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }", "The process was killed by SIGKILL", 2),
        ("func TestMain(m *testing.M) { os.Exit(0) }", "TestMain never ran the tests", 2),
        ("func TestMain(m *testing.M) { m.Run(); os.Exit(3) }", "The process ended with exit status 3, though no test failed", 0),
        ("func TestB(t *testing.T) { time.Sleep(time.Hour) }", "The package timed out after 1s while TestB ran", 1),
        ("func init() { panic(\"early\") }", "The process ended with panic: early", 2),
    ],
)  # fmt: skip
def test_says_why_planned_tests_have_no_verdict(bench: Give, body: str, sentence: str, lost: int) -> None:
    imports = {word: f'"{word}"' for word in ("os", "syscall", "time") if f"{word}." in body}
    text = (
        f'import (\n{chr(10).join(imports.values())}\n"testing"\n)\nfunc TestA(t *testing.T) {{}}\n{body}\nfunc TestC(t *testing.T) {{}}\n'
    )
    found = bench({"p/p_test.go": text}).test("./p", "--", "-timeout=1s", code=1)
    assert sentence in found["packages"][0]["why"]
    assert sum(t["outcome"] == "lost" for t in found["tests"]) + ("timed out" in sentence) >= lost
    assert {t["test"] for t in found["tests"]} >= {"TestA", "TestC"}


def test_a_test_that_another_one_runs_to_see_it_fail_fails_nothing(bench: Give) -> None:
    text = """
import "testing"
func TestOuter(t *testing.T) {
	inner := testing.InternalTest{Name: "TestOuter/inner", F: func(t *testing.T) { t.Error("as it should") }}
	if testing.RunTests(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{inner}) { t.Error("it passed") }
}
"""
    here = bench({"p/p_test.go": text})
    assert here.go("test", "-count=1", "./p").returncode == 0
    found = here.test("./p")
    assert (found["passed"], found["failed"]) == (2, 0)
    assert [t["why"] for t in found["tests"]] == ["", "It failed, but the test binary ended with PASS: a test ran it to see it fail."]
    assert "2 tests, 1 that failed inside of tests that wanted it" in here.run("test", "./p")
    here.write({"log.json": here.go("test", "-count=1", "-json", "./p").stdout})
    assert (imported := json.loads(here.run("test", "import", "log.json", "--json")))["failed"] == 0, imported
    here.write({"p/p_test.go": text.replace("if testing", "if !testing")})
    assert here.test("./p", code=1)["failed"] == 2


def test_build_and_vet_failures_are_failures_of_their_package_alone(bench: Give) -> None:
    files = {
        "good/good_test.go": GOOD,
        "bad/bad_test.go": 'import "testing"\nfunc TestA(t *testing.T) { missing() }\n',
        "vetted/v_test.go": 'import "testing"\nfunc TestA(t *testing.T) { t.Errorf("%d", "x") }\n',
        "gone/gone_test.go": 'import ("testing"; _ "example.com/svc/nowhere")\nfunc TestA(t *testing.T) {}\n',
    }
    here = bench(files)
    why = {p["package"].rpartition("/")[2]: p["why"] for p in here.test("./...", code=1)["packages"]}
    assert why["good"] == ""
    assert "undefined: missing" in why["bad"]
    assert why["vetted"].startswith("go vet refuses it: ")
    assert "example.com/svc/nowhere" in why["gone"]
    assert here.test("./vetted", "--", "-vet=off", code=1)["tests"][0]["outcome"] == "failed"


def test_input_that_cannot_mean_anything_is_refused(bench: Give) -> None:
    here = bench({"good/good_test.go": GOOD})
    assert "-fuzz cannot be used here" in here.run("test", "./good", "--", "-fuzz=X", code=2)
    assert "matches no packages" in here.run("test", "example.com/other/...", code=2)
    assert "is no flag of go test" in here.run("test", "./good", "--", "-rase", code=2)
    assert here.run("test", "./good", "--", "-run", "[", code=2).count("\n") <= 2
    assert "is a file" in here.run("test", "good/good_test.go", code=2)


def test_flags_of_the_binary_in_goflags_hold_as_in_go_test(bench: Give) -> None:
    text = 'import "testing"\nfunc TestA(t *testing.T) { if testing.Short() { t.Fatal("short") } }\nfunc TestB(t *testing.T) {}\n'
    here = bench({"p/p_test.go": text})
    assert here.go("test", "./p", GOFLAGS="-short").returncode == 1
    assert [t["outcome"] for t in here.test("./p", code=1, GOFLAGS="-short")["tests"]] == ["failed", "passed"]
    assert [t["test"] for t in here.test("./p", GOFLAGS="-short '-run=^TestB$'")["tests"]] == ["TestB"]
    assert [t["outcome"] for t in here.test("./p", "--", "-short=0", GOFLAGS="-short")["tests"]] == ["passed", "passed"]


def test_flags_of_goflags_that_mean_nothing_here_are_refused_or_passed_over(bench: Give) -> None:
    here = bench({"p/p_test.go": 'import "testing"\nfunc TestA(t *testing.T) { if testing.Short() { t.Skip("short") } }\n'})
    for word in ("-c", "-list=.", "-fuzz=X", "-n", "-exec=echo", "-o=x"):
        said = here.run("test", "./p", code=2, GOFLAGS=f"-short {word}")
        assert f"{word.partition('=')[0]} in GOFLAGS cannot be used here" in said and said.count("\n") == 1
    for word in ("-json", "-list=", "-c=false", "-x"):
        assert [t["outcome"] for t in here.test("./p", GOFLAGS=f"-short {word}")["tests"]] == ["skipped"], word


@pytest.mark.parametrize("words", [["-count=0"], ["-args", "-test.run=^TestA$"], ["-skip=^TestS[[:lower:]]+$"], ["-run=Nothing"]])
def test_what_go_test_passes_though_planned_tests_do_not_run_passes(bench: Give, words: list[str]) -> None:
    here = bench({"p/p_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\nfunc TestSome(t *testing.T) {}\n'})
    here.run("test", "./p", "--", *words)


def test_tests_run_where_nothing_can_be_kept(bench: Give, tmp_path: Path) -> None:
    here = bench({"good/good_test.go": GOOD})
    (tmp_path / "state").write_text("no directory")
    process = here.start("test", "./good")
    out, err = process.communicate(timeout=300)
    assert (process.returncode, b"passed" in out) == (0, True), (out, err)
    assert b"this run is not kept" in err
    assert b"compare with those of no other" in err


def test_junit_holds_what_the_document_holds(bench: Give, tmp_path: Path) -> None:
    here = bench({"good/good_test.go": GOOD, "bad/bad_test.go": 'import "testing"\nfunc TestA(t *testing.T) { missing() }\n'})
    here.run("test", "./...", "--junit", str(tmp_path / "out.xml"), code=1)
    root = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert (root.get("failures"), root.get("skipped")) == ("1", "1")
    assert [c.get("name") for c in root.iter("testcase") if c.find("failure") is not None] == ["example.com/svc/bad"]


def test_run_and_skip_change_what_is_planned(bench: Give) -> None:
    here = bench({"good/good_test.go": GOOD})
    assert [t["test"] for t in here.test("./good", "--", "-run", "A|B/sub")["tests"]] == ["TestA", "TestB", "TestB/sub"]
    assert {t["test"] for t in here.test("./good", "--", "-skip", "Test")["tests"]} == {"Example", "FuzzZ", "FuzzZ/seed#0"}


def test_shuffles_by_a_seed_that_is_kept(bench: Give) -> None:
    here = bench({"good/good_test.go": 'import "testing"\n' + "".join(f"func Test{n}(t *testing.T) {{}}\n" for n in range(20))})
    first = here.test("./good", "--", "-shuffle=on")
    again = here.test("./good", "--", f"-shuffle={first['seed']}")
    order = [t["test"] for t in first["tests"]]
    assert order == [t["test"] for t in again["tests"]]
    assert order != sorted(order)


def test_coverage_of_several_packages_is_one_profile(bench: Give) -> None:
    files = {f"{p}/{p}.go": "func F() int { return 1 }\n" for p in "ab"}
    files |= {f"{p}/{p}_test.go": 'import "testing"\nfunc TestF(t *testing.T) { F() }\n' for p in "ab"}
    here = bench(files)
    assert here.run("test", "./...", "--", "-coverprofile=c.out").count("coverage 100.0%") == 2
    assert "total:" in here.go("tool", "cover", "-func=c.out").stdout
    assert (here.root / "c.out").read_text().count("mode:") == 1


_SLEEP = str(1_000_000 + os.getpid())  # seconds that no other run of these tests sleeps


def _alive(mark: str) -> list[str]:
    return [line for line in processes() if mark in line and "steadygo" not in line.split()[0]]


def test_interrupt_kills_everything_and_keeps_what_was_seen(bench: Give) -> None:
    files = {
        "a/a_test.go": 'import "testing"\nfunc TestQuick(t *testing.T) {}\n',
        "b/b_test.go": 'import ("os/exec"; "testing")\nfunc TestHangs(t *testing.T) { exec.Command("sleep", "SLEEP").Run() }\n'.replace(
            "SLEEP", _SLEEP
        ),
    }
    here = bench(files)
    process = here.start("test", "./...")
    deadline = time.monotonic() + 60
    while not _alive(f"sleep {_SLEEP}") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _alive(f"sleep {_SLEEP}")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"1 passed" in out
    assert not _alive(f"sleep {_SLEEP}")
    assert "the run was stopped" in here.run("test", "show")


def test_a_process_left_behind_is_killed(bench: Give) -> None:
    text = 'import ("os/exec"; "testing")\nfunc TestLeaves(t *testing.T) { exec.Command("sleep", "SLEEP").Start() }\n'.replace(
        "SLEEP", _SLEEP
    )
    bench({"b/b_test.go": text}).test("./b")
    assert not _alive(f"sleep {_SLEEP}")


def test_output_stands_with_the_test_that_printed_it(bench: Give) -> None:
    text = """
import ("bytes"; "fmt"; "os"; "testing")
func TestMany(t *testing.T) {
	for i := 0; i < 1000; i++ {
		i := i
		t.Run(fmt.Sprint("n", i), func(t *testing.T) {
			t.Parallel()
			for j := 0; j < 3; j++ { t.Logf("mark-%d-", i) }
			if i == 7 { t.Fail() }
		})
	}
}
func TestNoNewline(t *testing.T) { fmt.Print("unfinished") }
func TestInvalid(t *testing.T) { os.Stdout.Write([]byte("bad \\xff byte\\n")) }
func TestLong(t *testing.T) { os.Stdout.Write(bytes.Repeat([]byte("x"), 10<<20)); fmt.Println("END") }
func TestLast(t *testing.T) {}
"""
    found = bench({"m/m_test.go": text}).test("./m", "--", "-parallel=64", code=1)
    tests = {t["test"]: t for t in found["tests"]}
    assert [n for n, t in tests.items() if t["outcome"] == "failed"] == ["TestMany", "TestMany/n7"]
    for number in range(1000):
        output = tests[f"TestMany/n{number}"]["output"]
        assert output.count(f"mark-{number}-") == output.count("mark-") == 3
    assert "unfinished" in tests["TestNoNewline"]["output"]
    assert "bad \ufffd byte" in tests["TestInvalid"]["output"]
    assert "xEND" in tests["TestLong"]["output"]
    assert "characters left out" in tests["TestLong"]["output"]
    assert len(tests) == 1005
    assert "x" not in tests["TestLast"]["output"].replace("=== RUN   TestLast", "")


def test_a_killed_steadygo_leaves_its_results_readable(bench: Give) -> None:
    files = {
        "a/a_test.go": 'import "testing"\nfunc TestQuick(t *testing.T) {}\n',
        "b/b_test.go": 'import ("testing"; "time")\nfunc TestSlow(t *testing.T) { time.Sleep(3 * time.Second) }\n',
    }
    here = bench(files)
    process = here.start("test", "./...")
    assert process.stdout is not None
    line = process.stdout.readline()
    assert b"svc/a" in line
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert "It never ran: the run was stopped" in here.run("test", "show")
