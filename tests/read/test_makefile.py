"""Makefiles into targets."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.pipelines import Makefile, Target
from steadygo.read.makefile import read


def makefile(text: str) -> Makefile:
    return read("Makefile", text.encode())


def target(text: str, name: str = "all") -> Target:
    found = makefile(text)
    assert found.gaps == ()
    return next(t for t in found.targets if t.name == name)


def texts(text: str, name: str = "all") -> list[str]:
    return [c.text for c in target(text, name).commands]


def test_folds_variables_into_recipes() -> None:
    text = (
        "BIN ?= orders\nOUT := bin/$(BIN)\nFLAGS = -trimpath\nFLAGS += -race\n"
        "all:\n\tgo build $(FLAGS) -o ${OUT} ./cmd/$(BIN) $(UNKNOWN) $$HOME\n"
    )
    assert texts(text) == ["go build -trimpath -race -o bin/orders ./cmd/orders $(UNKNOWN) $HOME"]


def test_keeps_shell_functions_as_written() -> None:
    assert target('V := $(shell git describe --tags)\nall:\n\tgo build -ldflags "-X main.v=$(V)"\n').commands[0].words == (
        "go",
        "build",
        "-ldflags",
        "-X main.v=$(shell git describe --tags)",
    )


def test_folds_simple_functions() -> None:
    text = (
        "NAMES = a b\nall:\n"
        "\tx $(addprefix bin/,$(NAMES)) $(NAMES:%=cmd/%) $(foreach n,$(NAMES),./$(n)) $(subst a,c,$(NAMES)) $(notdir x/y)\n"
    )
    assert texts(text) == ["x bin/a bin/b cmd/a cmd/b ./a ./b c b y"]


def test_calls_a_definition() -> None:
    text = "define build\ngo build -o bin/$(1) ./cmd/$(1)\n\t@echo $(2)\nendef\nall:\n\t$(call build,api,done)\n"
    found = target(text).commands
    assert [(c.text, c.line) for c in found] == [("go build -o bin/api ./cmd/api", 6), ("echo done", 6)]


def test_automatic_variables() -> None:
    assert texts("bin/app: main.go lib.go\n\tgo build -o $@ $< $^ $(@D) $(@F)\n", "bin/app") == [
        "go build -o bin/app main.go main.go lib.go bin app"
    ]
    assert texts("%.pb.go: %.proto\n\tprotoc $< -o $@\n", "%.pb.go") == ["protoc $< -o $@"]


def test_places_and_prefixes_of_recipes() -> None:
    found = target("all: x ; @first\n\t@- go vet ./... && \\\n\t  cd api && \\\n\t  go build\n\n# note\n\tlast\nx:\n").commands
    assert [(c.text, c.line, c.column, c.directory) for c in found] == [
        ("first", 1, 11, ""),
        ("go vet ./...", 2, 5, ""),
        ("cd api", 3, 4, ""),
        ("go build", 4, 4, "api"),
        ("last", 7, 2, ""),
    ]


def test_each_line_has_its_own_shell_unless_told_otherwise() -> None:
    assert [c.directory for c in target("all:\n\tcd a\n\tls\n").commands] == ["", ""]
    assert [(c.directory, c.line) for c in target(".ONESHELL:\nall:\n\tcd a\n\n\t@ls\n").commands] == [("", 3), ("a", 5)]


def test_other_recipe_prefix() -> None:
    assert texts(".RECIPEPREFIX = >\nall:\n> go build\n") == ["go build"]


def test_phony_needs_and_several_names() -> None:
    found = makefile(".PHONY: a b\na b: c | d\n\tgo test ./$@\nc:: e\n")
    assert [(t.name, t.needs, t.phony, [c.text for c in t.commands]) for t in found.targets] == [
        ("a", ("c", "d"), True, ["go test ./a"]),
        ("b", ("c", "d"), True, ["go test ./b"]),
        ("c", ("e",), False, []),
    ]


def test_make_elsewhere_is_a_command() -> None:
    assert target("all:\n\t$(MAKE) -C api build\n").commands[0].words == ("$(MAKE)", "-C", "api", "build")


def test_exported_variables_are_those_of_commands() -> None:
    found = makefile("export CGO_ENABLED = 0\nGOOS := linux\nexport GOOS UNSET\nunexport X\nall:\n\tGOOS=windows go build\n\tgo vet\n")
    assert found.exported == ("CGO_ENABLED", "GOOS", "UNSET")
    assert [c.variables for c in found.targets[0].commands] == [
        (("CGO_ENABLED", "0"), ("GOOS", "windows")),
        (("CGO_ENABLED", "0"), ("GOOS", "linux")),
    ]


def test_target_has_its_own_variables() -> None:
    text = "FLAGS = -v\nrace: FLAGS += -race\nrace: export CGO_ENABLED=1\nall race:\n\tgo test $(FLAGS)\n"
    found = makefile(text)
    assert [(t.name, t.commands[0].text, t.commands[0].variables) for t in found.targets] == [
        ("all", "go test -v", ()),
        ("race", "go test -v -race", (("CGO_ENABLED", "1"),)),
    ]


def test_reads_both_branches_and_does_not_guess_between_them() -> None:
    text = (
        "ifeq ($(OS),x)\nEXE = .exe\nFLAGS += -race\nelse\nEXE = .bin\nendif\n"
        "all:\nifdef CI\n\tgo test $(FLAGS)\nelse\n\tgo build -o app$(EXE)\nendif\n"
    )
    assert texts(text) == ["go test $(FLAGS)", "go build -o app$(EXE)"]
    assert [(v.name, v.value) for v in makefile(text).variables] == [("EXE", ".exe"), ("FLAGS", "-race"), ("EXE", ".bin")]


def test_variables_have_places() -> None:
    found = makefile("A = 1\n  export B := $(A)2 # why\nC != date\n").variables
    assert [(v.name, v.value, v.line, v.column, v.source) for v in found] == [
        ("A", "1", 1, 1, ""),
        ("B", "12", 2, 10, ""),
        ("C", "date", 3, 1, "expression"),
    ]


def test_includes_and_functions_at_the_top_are_no_gaps() -> None:
    assert makefile("include x.mk\n-include y.mk\n$(info hello)\n$(eval $(call x))\nvpath %.c src\n").gaps == ()


def test_what_is_no_make_syntax_is_a_gap() -> None:
    assert [g.line for g in makefile("hello world\nendif\nifdef X\ndefine Y\n").gaps] == [1, 2, 4, 5]


def test_hostile_files_are_bounded() -> None:
    started = time.process_time()
    makefile("A0 = xx\n" + "".join(f"A{i + 1} = $(A{i})$(A{i})\n" for i in range(60)) + "all:\n\techo $(A60)\n")
    makefile("A = $(A)\nB = $(C)\nC = $(B)\nall: $(B)\n\techo $(A) $(B)\n")
    makefile("x = $(" * 5_000 + "\n")
    makefile(" ".join(f"t{i}" for i in range(1_000)) + ":\n" + "\techo $@\n" * 3_000)
    assert time.process_time() - started < 15


FRAGMENTS = [
    "all:",
    "\n",
    "\n\t",
    "\tgo build",
    "$(A)",
    "${",
    "$(call ",
    "A = ",
    ":=",
    "define X\n",
    "endef\n",
    "ifeq (a,b)\n",
    "else\n",
    "endif\n",
    "\\\n",
    "#",
    ";",
    "|",
    "export ",
    ".ONESHELL:\n",
    "$$",
    "é",
]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)))
def test_never_raises(text: str) -> None:
    found = makefile(text)
    lines = text.count("\n") + 1
    assert all(1 <= c.line <= lines for t in found.targets for c in t.commands)
