"""go.mod, go.work, go.sum and vendor/modules.txt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.modules import GoMod, GoSum, GoWork, Replacement, Requirement, Retraction, VendorModules
from steadygo.read.gomod import read

MOD = b"""// Deprecated: use v2
module "example.com/orders" // the service

go 1.24.3
toolchain go1.25.0

godebug default=go1.21
godebug (
\tpanicnil=1
)

require github.com/a/b v1.2.3
require(
\tgithub.com/c/d/v2 v2.0.0-20240101000000-abcdefabcdef // indirect
\tgithub.com/e/f v1.0.0+incompatible // indirect; held back
\t"github.com/g/h" `v0.1.0` // not indirect
)

exclude github.com/a/b v1.2.2

replace (
\tgithub.com/a/b => ../b
\tgithub.com/c/d/v2 v2.0.0 => github.com/fork/d/v2 v2.0.1 // why
)

// published by mistake
retract (
\tv1.0.0
\t// broke
\t// everything
\tv1.1.0
\t[v1.2.0, v1.3.0] // a range

\t// not a reason, a blank line follows

\tv1.4.0
)

tool golang.org/x/tools/cmd/stringer
ignore ./static
"""


def mod(text: bytes) -> GoMod:
    stated = read("go.mod", text)
    assert isinstance(stated, GoMod)
    return stated


def test_reads_every_directive_of_go_mod() -> None:
    stated = mod(MOD)
    assert stated.gaps == ()
    assert stated.module is not None and (stated.module.value, stated.module.line) == ("example.com/orders", 2)
    assert stated.go is not None and (stated.go.value, stated.go.line) == ("1.24.3", 4)
    assert stated.toolchain is not None and stated.toolchain.value == "go1.25.0"
    assert [(t.value, t.line, t.column) for t in stated.godebug] == [("default=go1.21", 7, 1), ("panicnil=1", 9, 2)]
    assert [t.value for t in stated.tools] == ["golang.org/x/tools/cmd/stringer"]
    assert [t.value for t in stated.ignores] == ["./static"]
    assert stated.exclusions == (Requirement("github.com/a/b", "v1.2.2", 19),)


def test_tells_direct_from_indirect_requirements() -> None:
    assert mod(MOD).requirements == (
        Requirement("github.com/a/b", "v1.2.3", 12),
        Requirement("github.com/c/d/v2", "v2.0.0-20240101000000-abcdefabcdef", 14, True),
        Requirement("github.com/e/f", "v1.0.0+incompatible", 15, True),
        Requirement("github.com/g/h", "v0.1.0", 16),
    )


def test_reads_replacements() -> None:
    assert mod(MOD).replacements == (
        Replacement("github.com/a/b", "", "../b", "", 22),
        Replacement("github.com/c/d/v2", "v2.0.0", "github.com/fork/d/v2", "v2.0.1", 23),
    )


def test_gives_each_retraction_its_reason() -> None:
    assert mod(MOD).retractions == (
        Retraction("v1.0.0", "v1.0.0", "published by mistake", 28),
        Retraction("v1.1.0", "v1.1.0", "broke\neverything", 31),
        Retraction("v1.2.0", "v1.3.0", "a range", 32),
        Retraction("v1.4.0", "v1.4.0", "published by mistake", 36),
    )


def test_says_what_it_does_not_understand() -> None:
    stated = mod(b'module a\nmodule b\nwhatever 1\nrequire x\nreplace x y\nretract [v1, v2\n"open\nrequire (\n')
    assert [gap.line for gap in stated.gaps] == [2, 3, 4, 5, 6, 7, 9]


def test_reads_windows_line_ends_and_no_comment_inside_words() -> None:
    stated = mod(b"module a//b\r\ngo 1.24\r\n")
    assert stated.module is not None and stated.module.value == "a"
    assert stated.go is not None and stated.go.value == "1.24"


def test_reads_go_work() -> None:
    work = read("go.work", b"go 1.24\ntoolchain go1.24.1\nuse ./a\nuse (\n\t./b // second\n)\nreplace x => ./x\ngodebug a=1\n")
    assert isinstance(work, GoWork)
    assert [(t.value, t.line) for t in work.uses] == [("./a", 3), ("./b", 5)]
    assert work.replacements == (Replacement("x", "", "./x", "", 7),)
    assert [t.value for t in work.godebug] == ["a=1"]
    assert work.gaps == ()


def test_reads_go_sum() -> None:
    sums = read("go.sum", b"a v1.0.0 h1:x=\na v1.0.0/go.mod h1:y=\n\nbroken line\n<<<<<<< HEAD\n")
    assert isinstance(sums, GoSum)
    assert sums.entries == (("a", "v1.0.0", "h1:x="), ("a", "v1.0.0/go.mod", "h1:y="))
    assert [gap.line for gap in sums.gaps] == [4, 5]


def test_reads_vendor_modules() -> None:
    text = b"""## workspace
# a.com/x v1.2.3
## explicit; go 1.21
a.com/x/y
a.com/x/z
# b.com/x v1.0.0 => ./b
## explicit
b.com/x
# c.com/x v1.0.0
# b.com/x => ./b
# d.com/x v1.0.0 => e.com/x v1.0.1
"""
    vendor = read("vendor/modules.txt", text)
    assert isinstance(vendor, VendorModules)
    assert [(m.path, m.version, m.line) for m in vendor.modules] == [
        ("a.com/x", "v1.2.3", 2),
        ("b.com/x", "v1.0.0", 6),
        ("c.com/x", "v1.0.0", 9),
        ("d.com/x", "v1.0.0", 11),
    ]
    assert vendor.explicit == ("a.com/x", "b.com/x")
    assert vendor.packages == ("a.com/x/y", "a.com/x/z", "b.com/x")
    assert vendor.replacements == (
        Replacement("b.com/x", "v1.0.0", "./b", "", 6),
        Replacement("b.com/x", "", "./b", "", 10),
        Replacement("d.com/x", "v1.0.0", "e.com/x", "v1.0.1", 11),
    )
    assert vendor.gaps == ()


NAMES = st.sampled_from(["go.mod", "go.work", "go.sum", "vendor/modules.txt"])


@given(NAMES, st.binary() | st.text(alphabet='require()[],=>/ \n\t"`\\x1v.#\x85\x1f').map(str.encode))
def test_never_raises(path: str, data: bytes) -> None:
    read(path, data)


@given(NAMES, st.integers(0, len(MOD)), st.binary(max_size=5))
def test_never_raises_on_mutated_input(path: str, position: int, part: bytes) -> None:
    read(path, MOD[:position] + part + MOD[position + len(part) :])
