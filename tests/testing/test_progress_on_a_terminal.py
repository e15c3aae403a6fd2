"""What a person sees while tests run, on a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from go_tests import Bench

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

SUITE = {
    "quick/q_test.go": """
import ("testing"; "time")
func TestGood(t *testing.T) {}
func TestBad(t *testing.T) { time.Sleep(time.Second); t.Error("that went wrong") }
func TestAfter(t *testing.T) { time.Sleep(time.Second) }
""",
    "slow/s_test.go": """
import ("testing"; "time")
func TestWithANameThatIsLongerThanMostPeopleWouldLikeATestToHaveEver(t *testing.T) { time.Sleep(4 * time.Second) }
""",
}
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Screen:
    """Enough of a terminal: lines that wrap at its width, carriage return, newline, erase line. `width` may change."""

    width: int
    lines: list[str] = field(default_factory=lambda: [""])
    column: int = 0
    styled: bool = False

    def feed(self, text: str) -> None:
        """Take what a program wrote; unknown escapes are an error."""
        self.styled = self.styled or bool(_STYLE.search(text))
        text = _STYLE.sub("", text)
        at = 0
        while at < len(text):
            if text.startswith("\x1b[2K", at):
                self.lines[-1] = ""
                at += 4
                continue
            letter = text[at]
            at += 1
            assert letter != "\x1b", text[at : at + 10]
            if letter == "\r":
                self.column = 0
            elif letter == "\n":
                self.lines.append("")
            else:
                if self.column >= self.width:
                    self.lines.append("")
                    self.column = 0
                self.lines[-1] = self.lines[-1][: self.column].ljust(self.column) + letter + self.lines[-1][self.column + 1 :]
                self.column += 1


def _watch(here: Bench, width: int, then: int = 0, **environment: str) -> tuple[Screen, list[str]]:
    """(the screen in the end, the last line at each moment). `then` is the width after the first failure."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    command = [sys.executable, "-m", "steadygo", "test", "./..."]
    told = {"TERM": "xterm", **here.environment, **environment}
    process = subprocess.Popen(command, cwd=here.root, env=told, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    screen, moments = Screen(width), list[str]()
    deadline, rest = time.monotonic() + 120, b""
    while time.monotonic() < deadline:
        try:
            rest += os.read(master, 65536)
        except OSError:  # the other side was closed
            break
        text = rest.decode("utf-8", "ignore")
        rest = b"" if text.encode() == rest else rest[len(text.encode()) :]
        screen.feed(text)
        moments.append(screen.lines[-1])
        if then and any("that went wrong" in line for line in screen.lines):
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, then, 0, 0))
            screen.width = then
    os.close(master)
    assert process.wait(60) == 1
    return screen, moments


@pytest.mark.parametrize("width", [40, 80, 200])
def test_one_line_tells_counts_and_the_slowest_tests(bench: Give, width: int) -> None:
    screen, moments = _watch(bench(SUITE), width)
    told = [m for m in moments if "packages" in m]
    assert any(m.startswith("0/2 packages · 1 passed") for m in told), told
    assert any("1 failed" in m for m in told)
    assert max(map(len, told)) < width
    if width == 200:
        assert any(re.search(r"2 running: slow\.TestWithAName\w+ \ds, quick\.Test\w+ 0s", m) for m in told), told
        assert any("compiling 2" in m for m in told), told
    whole = "\n".join(screen.lines)
    assert "packages ·" not in whole
    assert "that went wrong" in whole
    assert whole.index("--- FAIL: example.com/svc/quick TestBad") < whole.index("✗ FAIL")
    assert screen.styled


def test_a_narrower_terminal_gets_a_shorter_line(bench: Give) -> None:
    _, moments = _watch(bench(SUITE), 120, then=50)
    told = [m for m in moments if "packages" in m]
    assert max(map(len, told)) > 60
    assert len(told[-1]) < 50


def test_no_color_leaves_no_colour(bench: Give) -> None:
    screen, _ = _watch(bench(SUITE), 100, NO_COLOR="1")
    assert not screen.styled
    assert any("✗ FAIL" in line for line in screen.lines)
