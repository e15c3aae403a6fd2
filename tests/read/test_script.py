"""Shell scripts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.read.script import read


@pytest.mark.parametrize(
    ("text", "interpreter"),
    [
        ("#!/bin/bash -e\n", "bash"),
        ("#!/usr/bin/env bash\n", "bash"),
        ("#!/usr/bin/env -S sh -e\n", "sh"),
        ("#! /bin/sh\n", "sh"),
        ("ls\n", "sh"),
    ],
)
def test_names_the_interpreter(text: str, interpreter: str) -> None:
    assert read("x.sh", text.encode()).interpreter == interpreter


def test_other_languages_are_a_gap() -> None:
    found = read("x.sh", b"#!/usr/bin/env python3\nprint(1)\n")
    assert found.commands == () and found.gaps[0].line == 1


def test_reads_commands_variables_and_traps() -> None:
    found = read(
        "docker-entrypoint.sh", b"#!/bin/sh\r\nset -e\r\nexport PORT=${PORT:-8080}\r\ntrap stop TERM\r\nexec /app --port $PORT\r\n"
    )
    assert found.gaps == ()
    assert [(v.name, v.value, v.line) for v in found.variables] == [("PORT", "8080", 3)]
    assert [(t.value, t.line) for t in found.traps] == [("TERM", 4)]
    last = found.commands[-1]
    assert (last.words, last.line, last.replaced) == (("/app", "--port", "8080"), 5, True)


@pytest.mark.parametrize(
    "change",
    [
        'cd "$(dirname "$0")/.."',
        "cd $(dirname ${BASH_SOURCE[0]})/..",
        'DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" >/dev/null 2>&1 && pwd)"; cd "$DIR/.."',
        'ROOT=$(cd "$(dirname "$0")/.." && pwd -P)\ncd /tmp\ncd "${ROOT}"',
        'ROOT="$(git rev-parse --show-toplevel)"\npushd "$ROOT"',
        "cd `dirname $0`/..",
    ],
)
def test_finds_the_way_from_its_own_directory(change: str) -> None:
    found = read("scripts/build.sh", f"{change}\ngo build\ncd cmd/app && go vet\n".encode())
    directories = {c.text: c.directory for c in found.commands}
    assert directories["go build"] == ""
    assert directories["go vet"] == "cmd/app"


def test_own_directory_is_put_into_words() -> None:
    found = read("scripts/build.sh", b'HERE=$(dirname "$0")\ngo build -o "$HERE/app"\n')
    assert found.commands[-1].words == ("go", "build", "-o", "scripts/app")
    assert found.variables[0].value == "scripts"


def test_unknown_directory_is_kept() -> None:
    found = read("a.sh", b'cd "$WORK"\ncd ../x\nls\n')
    assert found.commands[-1].directory == "$WORK/../x"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=150))
def test_never_raises(data: bytes) -> None:
    read("x.sh", data)
    read("x.sh", b"#!/bin/sh\ncd $(dirname " + data)
