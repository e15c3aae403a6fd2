"""Commands out of shell text."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.commands import Command
from steadygo.read.shell import commands


def texts(script: str, **variables: str) -> list[str]:
    return [c.text for c in commands(script, variables=variables).commands]


def one(script: str, **variables: str) -> Command:
    (command,) = commands(script, variables=variables).commands
    return command


def test_takes_quotes_off_and_keeps_unknown_expansions() -> None:
    assert one("""go build -ldflags "-s -X 'main.v=$V'" -o bin/'my app' ./cmd/$APP a\\ b""").words == (
        "go",
        "build",
        "-ldflags",
        "-s -X 'main.v=$V'",
        "-o",
        "bin/my app",
        "./cmd/$APP",
        "a b",
    )


def test_folds_known_variables_and_defaults() -> None:
    assert texts("go build -o ${OUT}/$NAME-${ARCH:-amd64} ${NAME%-svc}", OUT="bin", NAME="orders-svc") == [
        "go build -o bin/orders-svc-amd64 orders"
    ]


def test_splits_unquoted_values_only() -> None:
    assert one('go build $F "$F"', F="-a -b").words == ("go", "build", "-a", "-b", "-a -b")


def test_puts_an_expansion_together_that_the_grammar_cuts() -> None:
    assert texts("a $A-$B-c ${A}/$B/c/$X/d; X=${A}-$B-c; export Y=$A-$B-d; b $X $Y > $A-$B-e f", A="1", B="2") == [
        "a 1-2-c 1/2/c/$X/d",
        "b 1-2-c 1-2-d f",
    ]


def test_keeps_single_quoted_dollars() -> None:
    assert one("echo '$X'", X="1").words == ("echo", "$X")


def test_expands_arrays() -> None:
    assert one('flags=(-trimpath "-o x")\nflags+=(./a)\ngo build "${flags[@]}"').words == ("go", "build", "-trimpath", "-o x", "./a")


def test_leading_assignments_are_variables() -> None:
    command = one("CGO_ENABLED=0 GOFLAGS='-a -b' go build")
    assert command.words == ("go", "build")
    assert command.variables == (("CGO_ENABLED", "0"), ("GOFLAGS", "-a -b"))


def test_env_is_taken_off() -> None:
    command = one("env -u X GOOS=linux GOARCH=arm64 go build .")
    assert command.words == ("go", "build", ".")
    assert command.variables == (("GOOS", "linux"), ("GOARCH", "arm64"))
    assert one("env").words == ("env",)


def test_exports_reach_later_commands_of_their_scope() -> None:
    parsed = commands("(export A=1; a)\nexport CGO_ENABLED=0\ngo build\nunset CGO_ENABLED\ngo test")
    assert [(c.text, c.variables) for c in parsed.commands] == [
        ("a", (("A", "1"),)),
        ("go build", (("CGO_ENABLED", "0"),)),
        ("go test", ()),
    ]
    assert [(v.name, v.value, v.line) for v in parsed.assignments] == [("A", "1", 1), ("CGO_ENABLED", "0", 2)]


def test_operators_lead_to_commands() -> None:
    parsed = commands("a && b || c; d | e |& f & g\nh")
    assert [(c.text, c.after, c.background) for c in parsed.commands] == [
        ("a", "", False),
        ("b", "&&", False),
        ("c", "||", False),
        ("d", ";", True),
        ("e", "|", True),
        ("f", "|", True),
        ("g", "&", False),
        ("h", "", False),
    ]


def test_bodies_are_conditional_and_conditions_are_not() -> None:
    script = (
        "if a; then b; elif c; then d; else e; fi\nwhile f; do g; done\ncase $x in y) h;; esac\nfn() { i; }\n{ j; }\nfor x in 1; do k; done"
    )
    assert {c.text: c.conditional for c in commands(script).commands} == {
        "a": False,
        "b": True,
        "c": True,
        "d": True,
        "e": True,
        "f": False,
        "g": True,
        "h": True,
        "i": True,
        "j": False,
        "k": True,
    }


def test_cd_counts_in_its_own_scope() -> None:
    script = "(cd api && go build)\ncd web/../cmd && go test\npushd sub; ls; popd; go vet; cd /abs; pwd; cd - ; id"
    found = {c.text: c.directory for c in commands(script).commands}
    assert found["go build"] == "api"
    assert found["go test"] == "cmd"
    assert found["ls"] == "cmd/sub"
    assert found["go vet"] == "cmd"
    assert found["pwd"] == "/abs"
    assert found["id"] == "cmd"


def test_exec_replaces() -> None:
    command = one('exec -a name /app "$@"')
    assert command.words == ("/app", "$@")
    assert command.replaced
    assert texts("exec >log 2>&1") == []


def test_value_changed_in_a_branch_is_not_known_behind_it() -> None:
    assert texts("V=1\nif a; then V=2; fi\nb $V") == ["a", "b $V"]
    assert texts("V=1\nif a; then V=1; fi\nb $V") == ["a", "b 1"]


def test_output_of_a_command_is_not_known() -> None:
    parsed = commands("v=$(git describe)\ngo build -X $v")
    assert [c.text for c in parsed.commands] == ["git describe", "go build -X $v"]
    assert parsed.assignments[0].value == "$(git describe)"


def test_reads_script_given_to_a_shell() -> None:
    parsed = commands("sudo bash -euo pipefail -c 'cd api &&\n  go build'\nls")
    assert [(c.text, c.line, c.column, c.directory) for c in parsed.commands[1:]] == [
        ("cd api", 1, 29, ""),
        ("go build", 2, 3, "api"),
        ("ls", 3, 1, ""),
    ]


def test_reads_heredoc_fed_to_a_shell_and_what_follows_it() -> None:
    parsed = commands("bash <<'EOF' && after\ngo build\nEOF\ncat <<EOF | kubectl apply -f -\nkind: $(kind)\nEOF")
    assert [(c.text, c.line, c.after) for c in parsed.commands] == [
        ("bash", 1, ""),
        ("go build", 2, ""),
        ("after", 1, "&&"),
        ("cat", 4, ""),
        ("kubectl apply -f -", 4, "|"),
        ("kind", 5, ""),
    ]


def test_names_signals_that_are_trapped() -> None:
    parsed = commands("trap 'kill $p' SIGTERM 2 EXIT\ntrap - HUP\ntrap '' QUIT")
    assert [t.value for t in parsed.traps] == ["TERM", "INT", "EXIT"]


def test_places_count_characters_from_the_given_start() -> None:
    parsed = commands("é; a \\\n  && b", line=10, column=7)
    assert [(c.text, c.line, c.column) for c in parsed.commands] == [("é", 10, 7), ("a", 10, 10), ("b", 11, 12)]


def test_placeholders_are_put_back() -> None:
    parsed = commands('go build -o "__0001__" ./__0001__', opaque={"__0001__": "${{ matrix.x }}"})
    assert parsed.commands[0].words == ("go", "build", "-o", "${{ matrix.x }}", "./${{ matrix.x }}")


def test_keeps_what_it_can_of_broken_text() -> None:
    parsed = commands("a\n) b\nc")
    assert [c.text for c in parsed.commands] == ["a", "b", "c"]
    assert parsed.gaps[0].line == 2


def test_hostile_text_is_bounded() -> None:
    started = time.process_time()
    for text in (
        "(" * 100_000,
        "$(a " * 4_000,
        '"$(' * 4_000,
        "a|" * 100_000,
        "if a; then " * 20_000,
        "a=(" * 5_000,
        "${a:-" * 5_000,
        "f() " * 4_900,
    ):
        commands(text)
    assert time.process_time() - started < 20


FRAGMENTS = [
    "go build",
    "$X",
    "${X:-y}",
    "$(",
    ")",
    "'",
    '"',
    "`",
    "<<EOF\n",
    "EOF\n",
    "\n",
    " && ",
    "|",
    ";",
    "if ",
    "then ",
    "fi ",
    "{ ",
    "}",
    "\\",
    "é",
    "\0",
]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join)))
def test_never_raises(text: str) -> None:
    parsed = commands(text, variables={"X": "a b"})
    lines = text.count("\n") + 1
    assert all(1 <= c.line <= lines and c.words for c in parsed.commands)
