"""Dockerfiles into stages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.images import Image, Stage
from steadygo.read.dockerfile import read


def image(text: str) -> Image:
    return read("Dockerfile", text.encode())


def only(text: str) -> Stage:
    found = image("FROM golang:1.25\n" + text)
    assert found.gaps == ()
    return found.stages[-1]


def test_folds_arguments_into_bases() -> None:
    found = image(
        "ARG GO_VERSION=1.24\nARG DISTRO\nARG FLAVOUR=${DISTRO:-alpine}3.20\n"
        "FROM --platform=$BUILDPLATFORM golang:${GO_VERSION:-1.0}-${FLAVOUR%.20} AS build\nFROM ${BASE:-scratch}\n"
    )
    assert [(s.base, s.base_text, s.platform, s.line) for s in found.stages] == [
        ("golang:1.24-alpine3", "golang:${GO_VERSION:-1.0}-${FLAVOUR%.20}", "$BUILDPLATFORM", 4),
        ("scratch", "${BASE:-scratch}", "", 5),
    ]
    assert [(v.name, v.value, v.source) for v in found.arguments] == [
        ("GO_VERSION", "1.24", ""),
        ("DISTRO", None, "host"),
        ("FLAVOUR", "alpine3.20", ""),
    ]


def test_finds_parents_by_name_whatever_the_case() -> None:
    found = image(
        "from golang as Base\nfrom base as build\nfrom scratch\ncopy --from=BUILD /a /b\ncopy --from=0 /a /c\ncopy --from=nginx /d /e\n"
    )
    assert [s.parent for s in found.stages] == [None, 0, None]
    assert [c.origin for c in found.stages[2].copies] == ["build", "Base", "nginx"]


def test_stage_sees_global_default_only_when_it_redeclares() -> None:
    found = image("ARG V=1\nFROM a\nRUN echo $V\nARG V\nRUN echo $V\nARG V=2\nENV V=3\nRUN echo $V '$V'\n")
    assert [c.text for c in found.stages[0].commands] == ["echo $V", "echo 1", "echo 3 $V"]


def test_environment_in_both_forms_and_inherited() -> None:
    found = image('FROM a AS b\nENV A=1 B="x y" \\\n  C=$A/z\nENV OLD some  text\nFROM b\nRUN echo $C\n')
    assert [(v.name, v.value, v.line, v.column) for v in found.stages[0].variables] == [
        ("A", "1", 2, 5),
        ("B", "x y", 2, 9),
        ("C", "$A/z", 3, 3),
        ("OLD", "some  text", 4, 5),
    ]


def test_places_commands_of_continued_run_with_comments_inside() -> None:
    stage = only(
        "RUN --mount=type=cache,target=/root/.cache \\\n    # why\n\n    --network=none \\\n"
        "    go mod download && \\\n# note\n    CGO_ENABLED=0 go build ./... ;   \\\n    ls\n"
    )
    assert [(c.text, c.line, c.column, c.variables) for c in stage.commands] == [
        ("go mod download", 6, 5, ()),
        ("go build ./...", 8, 5, (("CGO_ENABLED", "0"),)),
        ("ls", 9, 5, ()),
    ]
    assert [(m.value, m.line) for m in stage.mounts] == [("type=cache,target=/root/.cache", 2)]


def test_reads_heredoc_of_run() -> None:
    stage = only(
        "RUN <<EOF\ncd cmd\ngo build\nEOF\nRUN <<-'SH' bash -e\n\tgo vet\n\tSH\nRUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF\nUSER 1\n"
    )
    assert [(c.text, c.line) for c in stage.commands] == [("cd cmd", 3), ("go build", 4), ("bash -e", 6), ("go vet", 7)]
    assert stage.user is not None and stage.user.line == 13


def test_reads_heredoc_of_copy() -> None:
    stage = only('COPY <<EOF /etc/app.conf\nRUN not a command\nEOF\nCMD ["app"]\n')
    assert stage.copies[0].target == "/etc/app.conf"
    assert stage.commands == ()
    assert stage.command is not None and stage.command.words == ("app",)


def test_tells_exec_form_from_shell_form() -> None:
    stage = only('RUN ["go", "build"]\nENTRYPOINT ["/app", "--port=$PORT"]\nCMD exec /app --name "a b"\n')
    assert (stage.commands[0].words, stage.commands[0].shell) == (("go", "build"), False)
    assert stage.entrypoint is not None and (stage.entrypoint.words, stage.entrypoint.shell) == (("/app", "--port=$PORT"), False)
    assert stage.command is not None and (stage.command.words, stage.command.shell) == (("exec", "/app", "--name", "a b"), True)


def test_single_quotes_are_no_exec_form() -> None:
    start = only("CMD ['/app', 'serve']\n").command
    assert start is not None and start.shell


def test_reads_script_of_a_shell_in_exec_form() -> None:
    assert [c.text for c in only('RUN ["/bin/sh", "-c", "go build && ls"]\n').commands] == ["/bin/sh -c go build && ls", "go build", "ls"]


def test_joins_working_directories() -> None:
    stage = only("WORKDIR /src\nWORKDIR cmd/app\nCOPY x ./\n")
    assert stage.workdir is not None and stage.workdir.value == "/src/cmd/app"
    assert stage.copies[0].target == "/src/cmd/app/"


def test_directory_of_a_command_is_seen_from_the_build_context() -> None:
    found = image(
        "FROM golang AS src\nWORKDIR /src\nRUN a\nCOPY go.mod go.sum ./\nRUN b\n"
        "COPY . .\nWORKDIR /src/cmd/app\nRUN c; cd ..; d; cd /tmp && e\n"
        "FROM src\nWORKDIR /src/api\nRUN f\n"
        "FROM golang\nCOPY --from=src /src /work\nRUN cd /work/cmd && g\n"
        "FROM golang\nWORKDIR $GOPATH/src/x\nCOPY services/x .\nRUN h\n"
        "FROM golang\nWORKDIR /y\nRUN --mount=target=. i\nRUN j\n"
    )
    assert {c.text: c.directory for s in found.stages for c in s.commands if len(c.words) == 1} == {
        "a": "/src",
        "b": "",
        "c": "cmd/app",
        "d": "cmd",
        "e": "/tmp",
        "f": "api",
        "g": "cmd",
        "h": "services/x",
        "i": "",
        "j": "/y",
    }


def test_reads_settings_of_the_image() -> None:
    stage = only(
        'EXPOSE 8080/tcp 53/udp 9000-9002\nVOLUME ["/data", "/log"]\nUSER app:app\nSTOPSIGNAL SIGQUIT\nSHELL ["/bin/bash", "-c"]\n'
        "HEALTHCHECK --interval=5s --timeout=2s --retries=7 CMD curl -f localhost || exit 1\n"
    )
    assert [p.value for p in stage.ports] == ["8080", "53/udp", "9000", "9001", "9002"]
    assert [v.value for v in stage.volumes] == ["/data", "/log"]
    assert stage.user is not None and stage.user.value == "app:app"
    assert stage.stop_signal is not None and stage.stop_signal.value == "SIGQUIT"
    assert stage.shell == ("/bin/bash", "-c")
    check = stage.healthcheck
    assert check is not None
    assert (check.words[0], check.shell, check.interval, check.timeout, check.retries) == ("curl", True, 5.0, 2.0, 7)


def test_no_healthcheck_has_no_words() -> None:
    check = only("HEALTHCHECK NONE\n").healthcheck
    assert check is not None and check.words == ()


def test_escape_directive_and_windows_lines() -> None:
    found = read(
        "Dockerfile",
        b"\xef\xbb\xbf# escape=`\r\nFROM mcr.microsoft.com/windows/nanoserver\r\nRUN go build `\r\n  -o C:\\app\\x.exe && dir\r\n",
    )
    assert found.gaps == ()
    assert [(c.words, c.line) for c in found.stages[0].commands] == [(("go", "build"), 3), (("-o", "C:\\app\\x.exe"), 4), (("dir",), 4)]


def test_onbuild_is_read_like_its_instruction() -> None:
    assert [c.text for c in only("ONBUILD RUN go build\n").commands] == ["go build"]


def test_what_is_no_instruction_is_a_gap() -> None:
    found = image("{{ if x }}\nRUN early\nFROM a\nFROOM b\nRUN\nCOPY x\nRUN <<EOF\nls\n")
    assert [g.line for g in found.gaps] == [1, 7, 2, 4, 5, 6]
    assert image("").gaps[0].reason.startswith("no FROM")


REAL = """# syntax=docker/dockerfile:1
ARG GO=1.25
FROM --platform=$BUILDPLATFORM golang:${GO} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download \\
    # comment
    && go build -ldflags "-X main.v=${V:-dev}" -o /out/app ./cmd/app
RUN <<EOF
echo a
EOF
FROM scratch
COPY --from=build /out/app /app
EXPOSE 8080
HEALTHCHECK --interval=1s CMD ["/app", "check"]
ENTRYPOINT ["/app"]
"""


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(REAL)), st.integers(0, 40), st.text(alphabet="\\\n\"'$(){}[]<`#=- ARGFROM\0é", max_size=12))
def test_never_raises_on_mutated_files(start: int, cut: int, put: str) -> None:
    found = image(REAL[:start] + put + REAL[start + cut :])
    lines = (len(REAL) + len(put)) + 1
    assert all(1 <= c.line <= lines for s in found.stages for c in s.commands)


@pytest.mark.parametrize("data", [b"\\", b"\\\n", b"\\\n\\\n", b" \\\n\n", b"\x1c", b"\xc2\x85\\"])
def test_a_line_that_only_goes_on_is_no_instruction(data: bytes) -> None:
    read("Dockerfile", data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_never_raises_on_bytes(data: bytes) -> None:
    read("Dockerfile", data)
    read("Dockerfile", b"FROM a\nRUN " + data)
