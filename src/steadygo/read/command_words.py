"""What the words of one command mean: options of `env` and `exec`, scripts given to a shell, names of signals."""

from __future__ import annotations

import re

_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_WRAPPERS = frozenset({"sudo", "time", "nice", "timeout", "xvfb-run", "tini", "dumb-init", "nohup", "stdbuf", "gosu", "su-exec", "command"})
_GIVES_SCRIPT = re.compile(r"-[a-zA-Z]*c[a-zA-Z]*\Z")
_TAKES_NAME = re.compile(r"[-+][a-zA-Z]*[oO]\Z")
_SIGNALS = {"0": "EXIT", "1": "HUP", "2": "INT", "3": "QUIT", "9": "KILL", "14": "ALRM", "15": "TERM"}


def assignment(word: str) -> tuple[str, str] | None:
    """(name, value) of `NAME=value`."""
    found = _ASSIGNED.match(word)
    return (found.group(1), found.group(2)) if found else None


def signal_name(word: str) -> str:
    """`SIGTERM`, `term` and `15` are `TERM`."""
    return _SIGNALS.get(word, word.upper().removeprefix("SIG"))


def without_exec(words: list[str]) -> list[str]:
    """The command that `exec` runs; empty when it only redirects."""
    rest = words[1:]
    while rest and rest[0] in ("-c", "-l", "-cl", "-a", "--"):
        rest = rest[2:] if rest[0] == "-a" else rest[1:]
    return rest


def without_env(words: list[str]) -> tuple[list[str], list[tuple[str, str]]] | None:
    """(command, assignments) of `env [options] X=1 command`; None when it runs nothing."""
    position = 1
    assigned: list[tuple[str, str]] = []
    while position < len(words):
        word = words[position]
        pair = assignment(word)
        if pair is not None:
            assigned.append(pair)
        elif word in ("-u", "-C", "--unset", "--chdir"):
            position += 1
        elif word in ("-S", "--split-string"):
            return " ".join(words[position + 1 :]).split(), assigned
        elif not word.startswith("-"):
            return words[position:], assigned
        position += 1
    return None


def script_of_shell(words: list[str]) -> str | None:
    """The script after `sh -c` or `eval`; "" when the shell reads its input; None when it runs a file or is no shell."""
    name = words[0].rpartition("/")[2]
    if name == "eval":
        return " ".join(words[1:]) if len(words) > 1 and "$" not in words[1][:1] else None
    start = 0
    if name in _WRAPPERS:
        start = next((i for i, word in enumerate(words[:8]) if word.rpartition("/")[2] in _SHELLS), 0)
        name = words[start].rpartition("/")[2]
    if name not in _SHELLS:
        return None
    given = False
    position = start + 1
    while position < len(words) and words[position].startswith(("-", "+")) and words[position] != "-":
        given = given or _GIVES_SCRIPT.match(words[position]) is not None
        position += 2 if _TAKES_NAME.match(words[position]) else 1
    if given:
        return words[position] if position < len(words) and words[position] else None
    return "" if words[position:] in ([], ["-"], ["-s"]) else None
