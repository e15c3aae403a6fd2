"""`steadygo test coverage` on real Go and real git."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from go_tests import Bench

pytestmark = pytest.mark.slow
Give = Callable[..., Bench]
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schema" / "test-coverage.schema.json").read_text())

SIGN = "func Sign(n int) int {\n\tif n < 0 {\n\t\treturn -1\n\t}\n\treturn 1\n}\n"
LIST = "type List[T any] struct{ items []T }\n\nfunc (l *List[T]) Push(t T) {\n\tl.items = append(l.items, t)\n}\n"


def _test(body: str, package: str = "p", imports: str = "") -> str:
    return f'package {package}\n\nimport (\n\t"testing"\n{imports})\n\nfunc TestIt(t *testing.T) {{ {body} }}\n'


def _git(here: Bench, *words: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words],
        cwd=here.root, env=dict(here.environment), check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip


def _commit(here: Bench, message: str = "one") -> None:
    if not (here.root / ".git").exists():
        _git(here, "init", "-q", "-b", "main")
    _git(here, "add", "-A")
    _git(here, "commit", "-q", "--allow-empty", "-m", message)


def _coverage(here: Bench, *words: str, code: int = 0, **environment: str) -> dict[str, Any]:
    at = words.index("--") if "--" in words else len(words)
    said = here.run("test", "coverage", *words[:at], "--json", *words[at:], code=code, **environment)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    jsonschema.validate(found, SCHEMA)
    return found


def _states(found: dict[str, Any]) -> dict[str, str]:
    return {f["function"]: f["state"] for f in found["functions"]}


def _total(here: Bench, profile: str) -> float:
    said = here.go("tool", "cover", f"-func={profile}").stdout
    return float(said.split()[-1].rstrip("%"))


def test_names_what_was_lost_gained_new_and_deleted(bench: Give) -> None:
    here = bench(
        {
            "p/p.go": "package p\n\n" + SIGN + "\nfunc gone() int { return 1 }\n",
            "p/list.go": "package p\n\n" + LIST,
            "p/p_test.go": _test("Sign(1); Sign(-1); gone()"),
        }
    )
    _commit(here)
    here.write(
        {
            "p/p.go": "package p\n\nfunc Fresh() int {\n\treturn 1\n}\n\n" + SIGN,
            "p/list.go": "package p\n",
            "p/moved.go": "package p\n\n" + LIST,
            "p/p_test.go": _test("Sign(1); var l List[int]; l.Push(1)"),
        }
    )
    found = _coverage(here, "--base", "main", "./...")
    assert _states(found) == {"Sign": "lost", "List.Push": "gained", "Fresh": "new", "gone": "deleted"}
    by_name = {f["function"]: f for f in found["functions"]}
    assert by_name["Sign"]["change"] == pytest.approx(-33.333, abs=0.001)
    assert by_name["List.Push"]["was"]["path"] == "p/list.go"
    files = {f["path"]: f for f in found["diff"]["files"]}
    assert files["p/p.go"]["uncovered"] == [[4, 4]]
    assert files["p/p.go"]["lost"] == [[9, 9]]
    assert files["p/moved.go"]["covered"] == 1
    assert (found["here"]["changed"], found["here"]["untracked"]) == (3, 1)
    here.run("test", "./...", "--", "-coverprofile=c.out")
    assert found["total"]["after"]["percent"] == pytest.approx(_total(here, "c.out"), abs=0.051)
    text = here.run("test", "coverage", "--base", "main", "./...")
    assert "p/p.go:7  Sign  100.0 % → 66.7 %" in text
    assert "not committed" in text


def test_an_unchanged_base_is_not_run_again_unless_its_variables_changed(bench: Give) -> None:
    here = bench(
        {
            "p/p.go": "package p\n\n" + SIGN,
            "p/p_test.go": _test('if os.Getenv("FLAVOUR") != "" { Sign(1) }', imports='\t"os"\n'),
        }
    )
    _commit(here)
    assert _coverage(here, "--base", "HEAD", "./p")["base"]["origin"] == "ran"
    assert _coverage(here, "--base", "HEAD", "./p")["base"]["origin"] == "kept"
    assert _coverage(here, "--base", "HEAD", "./p", "--", "-covermode=count")["base"]["origin"] == "ran"
    changed = _coverage(here, "--base", "HEAD", "./p", FLAVOUR="sweet")
    assert changed["base"]["origin"] == "ran"
    assert _states(changed) == {}


@pytest.mark.parametrize("how", ["variable", "file"])
def test_a_base_is_run_again_with_other_goflags(bench: Give, how: str, tmp_path: Path) -> None:
    tagged = "//go:build sweet\n\npackage p\n\nfunc init() { Sign(1) }\n"
    here = bench({"p/p.go": "package p\n\n" + SIGN, "p/sweet.go": tagged, "p/p_test.go": _test("Sign(-1)")})
    _commit(here)
    told = {"GOENV": str(tmp_path / "env")}
    assert _coverage(here, "--base", "HEAD", "./p", **told)["base"]["origin"] == "ran"
    assert _coverage(here, "--base", "HEAD", "./p", **told)["base"]["origin"] == "kept"
    if how == "file":
        (tmp_path / "env").write_text("GOFLAGS=-tags=sweet\n")
    else:
        told["GOFLAGS"] = "-tags=sweet"
    changed = _coverage(here, "--base", "HEAD", "./p", **told)
    assert changed["base"]["origin"] == "ran"
    assert _states(changed) == {}


def test_gate_on_changed_lines(bench: Give) -> None:
    here = bench({"p/p.go": "package p\n\nfunc One() int { return 1 }\n", "p/p_test.go": _test("One()")})
    _commit(here)
    assert _coverage(here, "--base", "HEAD", "--fail-under-diff", "100", "./p")["diff"]["percent"] is None
    here.write({"p/q.go": "package p\n\nfunc Two() int {\n\treturn 2\n}\n\nfunc Three() int {\n\treturn One()\n}\n"})
    here.write({"p/p_test.go": _test("One(); Two()")})
    assert _coverage(here, "--base", "HEAD", "--fail-under-diff", "50", "./p")["diff"]["percent"] == 50.0
    said = here.run("test", "coverage", "--base", "HEAD", "--fail-under-diff", "50.1", "--html", "map.html", "./p", code=1)
    assert "Tests cover 50.0 % of the changed lines; --fail-under-diff asks for 50.1 %." in said
    assert "p/q.go:8" in said
    assert 'id="l1-8"' in (here.root / "map.html").read_text()
    assert "cannot be written" in here.run("test", "coverage", "--base", "HEAD", "--html", "no/where.html", "./p", code=2)


def test_the_gate_does_not_pass_while_changed_code_is_not_measured(bench: Give) -> None:
    here = bench({f"{p}/{p}.go": f"package {p}\n\n" + SIGN for p in ("a", "b")} | {"a/a_test.go": _test("Sign(1); Sign(-1)", "a")})
    _commit(here)
    here.write({"b/untested.go": "package b\n\nfunc Untested() int {\n\treturn 1\n}\n", "b/b.go": "package b\n\n// More.\n" + SIGN})
    found = _coverage(here, "--base", "HEAD", "--fail-under-diff", "90", "./a", code=1)
    assert (found["unmeasured"], found["diff"]["percent"]) == (["b/untested.go"], None)
    said = here.run("test", "coverage", "--base", "HEAD", "--fail-under-diff", "90", "./a", code=1)
    assert "no changed line that was measured holds code" in said
    assert "✗ --fail-under-diff cannot pass: changed code in 1 file was not measured. Name its packages too." in said
    assert _coverage(here, "--base", "HEAD", "./a")["unmeasured"] == ["b/untested.go"]  # said, and no failure without the gate
    here.write({"a/a.go": "package a\n\n" + SIGN + "\nfunc Same() int {\n\treturn 1\n}\n", "a/a_test.go": _test("Same()", "a")})
    assert _coverage(here, "--base", "HEAD", "--fail-under-diff", "90", "./a", code=1)["diff"]["percent"] == 100.0
    whole = _coverage(here, "--base", "HEAD", "--fail-under-diff", "50", "./...")
    assert (whole["unmeasured"], whole["diff"]["percent"]) == ([], 50.0)


def test_generated_and_foreign_code_does_not_hold_the_gate(bench: Give) -> None:
    here = bench({"a/a.go": "package a\n\n" + SIGN, "a/a_test.go": _test("Sign(1)", "a"), "other/go.mod": "module example.com/other\n"})
    _commit(here)
    code = "\n\nfunc F() int {\n\treturn 1\n}\n"
    files = {"b/types.go": "package b\n\ntype T struct{}\n", "b/gen.go": f"// Code generated by x. DO NOT EDIT.\n\npackage b{code}"}
    places = ("a/testdata/x.go", "other/x.go", "_old/x.go", "a/_x.go", "b/b_test.go")
    here.write(files | dict.fromkeys(places, f"package x{code}"))
    assert _coverage(here, "--base", "HEAD", "--fail-under-diff", "90", "./a")["unmeasured"] == []


def test_code_for_another_platform_is_named_and_does_not_hold_the_gate(bench: Give) -> None:
    here = bench({"a/a.go": "package a\n\n" + SIGN, "a/a_test.go": _test("Sign(1); Sign(-1)", "a")})
    _commit(here)
    code = "\n\nfunc F() int {\n\treturn 1\n}\n"
    here.write({"a/a_windows.go": f"package a{code}", "a/extra.go": f"//go:build extra\n\npackage a{code}"})
    found = _coverage(here, "--base", "HEAD", "--fail-under-diff", "90", "./a")
    assert found["unmeasured"] == ["a/a_windows.go", "a/extra.go"]
    here.write({"b/b_windows.go": f"package b{code}"})  # nothing of its package was measured
    assert "in 1 file was not measured" in here.run("test", "coverage", "--base", "HEAD", "--fail-under-diff", "90", "./a", code=1)


def test_streams_a_line_for_each_package_and_the_whole_in_the_end(bench: Give) -> None:
    here = bench({f"{p}/{p}.go": f"package {p}\n\n" + SIGN for p in "ab"} | {f"{p}/{p}_test.go": _test("Sign(1)", p) for p in "ab"})
    _commit(here)
    here.write({"b/b_test.go": _test("Sign(1); Sign(-1)", "b")})
    *packages, whole = map(json.loads, here.run("test", "coverage", "--base", "HEAD", "--stream", "./...").splitlines())
    assert sorted((p["package"].rpartition("/")[2], p["functions"][0]["state"]) for p in packages) == [("a", "same"), ("b", "gained")]
    assert packages[-1]["after"] == whole["total"]["after"]
    jsonschema.validate(whole, SCHEMA)


def test_a_base_that_does_not_compile_leaves_the_changed_lines_known(bench: Give) -> None:
    here = bench(
        {
            "bad/bad.go": "package bad\n\nfunc F() int { return missing }\n",
            "bad/bad_test.go": _test("F()", "bad"),
            "p/p.go": "package p\n\n" + SIGN,
            "p/p_test.go": _test("Sign(1)"),
        }
    )
    _commit(here)
    here.write({"bad/bad.go": "package bad\n\nfunc F() int { return 1 }\n\nfunc G() int { return 1 }\n"})
    found = _coverage(here, "--base", "HEAD", "./...")
    assert _states(found) == {"F": "not-known", "G": "new"}
    assert found["diff"]["files"][0]["uncovered"] == [[5, 5]]
    assert "undefined: missing" in found["not_known"][0]


def test_what_cannot_be_compared_is_refused(bench: Give) -> None:
    here = bench({"p/p.go": "package p\n\n" + SIGN, "p/p_test.go": _test("Sign(1)")})
    assert "is not in a git work tree" in here.run("test", "coverage", "--base", "HEAD", "./p", code=2)
    _commit(here)
    assert "git does not know the revision 'nowhere'" in here.run("test", "coverage", "--base", "nowhere", "./p", code=2)
    assert "git does not know the revision '--output=x'" in here.run("test", "coverage", "--base=--output=x", "./p", code=2)
    assert "nothing to compare with" in here.run("test", "coverage", "./p", code=2)
    assert "cannot be read" in here.run("test", "coverage", "--base", "HEAD", "--profile", "nothing.out", code=2)
    (here.root / "bad.out").write_text("hello\n")
    assert "bad.out, line 1" in here.run("test", "coverage", "--base", "HEAD", "--profile", "bad.out", code=2)


def test_given_profiles_are_compared_without_a_run(bench: Give) -> None:
    here = bench({"p/p.go": "package p\n\n" + SIGN, "p/p_test.go": _test("Sign(1)")})
    _commit(here)
    for name, body in (("plus", "Sign(1)"), ("minus", "Sign(-1)")):
        here.write({"p/p_test.go": _test(body)})
        assert here.go("test", "./p", "-covermode=count", f"-coverprofile={name}.out").returncode == 0
    (here.root / "p" / "p_test.go").unlink()
    found = _coverage(here, "--base", "HEAD", "--profile", "plus.out", "--profile", "minus.out", "--base-profile", "plus.out")
    assert _states(found) == {"Sign": "gained"}
    assert found["total"]["after"]["percent"] == 100.0
    assert (found["here"]["origin"], found["base"]["origin"]) == ("profile", "profile")
    alone = _coverage(here, "--profile", "minus.out", "--base-profile", "plus.out")
    assert [f["lost"] for f in alone["diff"]["files"]] == [[[7, 7]]]


def test_a_failing_test_here_is_a_failure_and_still_compared(bench: Give) -> None:
    here = bench({"p/p.go": "package p\n\n" + SIGN, "p/p_test.go": _test("Sign(1)")})
    _commit(here)
    here.write({"p/p_test.go": _test("Sign(1); Sign(-1); t.Error(`broken`)")})
    found = _coverage(here, "--base", "HEAD", "./p", code=1)
    assert found["failed"] == [{"package": "example.com/svc/p", "why": "TestIt failed."}]
    assert _states(found) == {"Sign": "gained"}
    assert "broken" in here.run("test", "coverage", "--base", "HEAD", "./p", code=1)


def test_packages_without_tests_count_as_go_test_counts_them(bench: Give) -> None:
    files = {"p/p.go": "package p\n\n" + SIGN, "p/p_test.go": _test("Sign(1)"), "bare/bare.go": "package bare\n\n" + SIGN}
    for version in ("1.21.13", "1.27.3"):
        here = bench(files, version)
        here.run("test", "./...", "--", "-coverprofile=ours.out")
        assert here.go("test", "./...", "-coverprofile=gos.out").returncode == 0
        assert sorted((here.root / "ours.out").read_text().splitlines()) == sorted((here.root / "gos.out").read_text().splitlines())
        assert _total(here, "ours.out") == _total(here, "gos.out")
