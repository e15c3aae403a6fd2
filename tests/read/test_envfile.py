"""Environment files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.commands import Variable
from steadygo.read.envfile import read

DOTENV = rb"""# comment
PORT=8080 # the port
export HOST = "0.0.0.0"
URL=http://$HOST:${PORT}/x#y
EMPTY=
NAME
LITERAL='a $HOST \n'
ESCAPED="a\tb \"c\" \$HOST"
MULTI="one
two" # end
AFTER=1
ELSEWHERE=${OTHER:-1}
DB_PASSWORD=hunter2
DB_URL=postgres://a:b@db/x
API_TOKEN=
HASH=#nothing
"""


def values(path: str, data: bytes) -> dict[str, tuple[str | None, str]]:
    return {v.name: (v.value, v.source) for v in read(path, data).variables}


def test_reads_dotenv_as_godotenv_does() -> None:
    assert values(".env", DOTENV) == {
        "PORT": ("8080", ""),
        "HOST": ("0.0.0.0", ""),
        "URL": ("http://0.0.0.0:8080/x#y", ""),
        "EMPTY": ("", ""),
        "NAME": (None, "host"),
        "LITERAL": (r"a $HOST \n", ""),
        "ESCAPED": ('a\tb "c" $HOST', ""),
        "MULTI": ("one\ntwo", ""),
        "AFTER": ("1", ""),
        "ELSEWHERE": (None, "expression"),
        "DB_PASSWORD": (None, "secret"),
        "DB_URL": (None, "secret"),
        "API_TOKEN": ("", ""),
        "HASH": ("", ""),
    }


def test_keeps_places() -> None:
    variables = read("a/.env", DOTENV).variables
    assert Variable("HOST", "0.0.0.0", 3, 8) in variables
    assert Variable("AFTER", "1", 11, 1) in variables


def test_says_what_is_no_assignment() -> None:
    file = read(".env", b"1A=2\nwhat is this\nA='open\nB=2\n")
    assert [gap.line for gap in file.gaps] == [1, 2, 3]
    assert [v.name for v in file.variables] == ["A", "B"]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (rb"A=b # c", "b # c"),
        (rb'A="b c"  ', "b c"),
        (rb'A="b"c d  ', "bc d"),
        (rb"A='b\n$x'", r"b\n$x"),
        (rb'A="b\n\$x"', r"b\n$x"),
        (b"A=b \\\n  c", "b   c"),
        (b'A="b\nc"', "b\nc"),
        (rb"A=b\ c", "b c"),
        (rb"A=it's", "it's"),
        (b"A=b\r", "b"),
        (b"A=", ""),
    ],
)
def test_reads_defaults_as_systemd_does(line: bytes, value: str) -> None:
    file = read("etc/default/orders", b"; comment\n" + line + b"\nZ=1\n")
    assert [(v.name, v.value) for v in file.variables] == [("A", value), ("Z", "1")]
    assert file.variables[1].line == 3 + line.count(b"\n")


def test_systemd_takes_no_export() -> None:
    file = read("etc/default/orders", b"export A=1\nB\n")
    assert file.variables == ()
    assert [gap.line for gap in file.gaps] == [1, 2]


PATHS = st.sampled_from([".env", "etc/default/x"])


@given(PATHS, st.binary() | st.text(alphabet="AB=$\\'\"\n\r #{}:-`").map(str.encode))
def test_never_raises(path: str, data: bytes) -> None:
    read(path, data)


@given(PATHS, st.integers(0, len(DOTENV)), st.binary(max_size=5))
def test_never_raises_on_mutated_input(path: str, position: int, part: bytes) -> None:
    read(path, DOTENV[:position] + part + DOTENV[position + len(part) :])
