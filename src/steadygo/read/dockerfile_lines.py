"""Cuts a Dockerfile into instructions: continuations, comments inside them, the escape directive, flags and heredocs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steadygo.facts.place import Gap

_DIRECTIVE = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(\S+)\s*\Z")
_KEYWORD = re.compile(r"\s*([A-Za-z]+)(?=\s|\Z)")
_FLAG = re.compile(r"""--([a-z][a-z-]*)(?:=((?:"[^"]*"|'[^']*'|[^\s"'\\]|\\(?!\n))*))?(?=\s|\\\n|\Z)""")
_SPACE = re.compile(r"(?:\s|\\\n)*")
_HEREDOC = re.compile(r"""(?:(?<=\s)|(?<=\A))\d*<<(-?)(["']?)([A-Za-z_][\w.-]*)\2(?=[\s;&|)]|\Z)""")
_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\(?!\n).|[^\s'"\\]|["'])+""", re.DOTALL)
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True)
class Heredoc:
    """`<<NAME` of an instruction. `line` is the first line of `body`; an unquoted name lets variables be expanded."""

    name: str
    body: str
    line: int


@dataclass(frozen=True)
class Instruction:
    """`text` is the whole instruction as it stands, keyword and flags blanked out, newlines kept; a continued line ends in a backslash.

    An offset into `text` can so be turned into a place. Heredocs stand behind it only in `shell_text`.
    """

    keyword: str
    text: str
    line: int
    flags: tuple[tuple[str, str, int], ...] = ()  # (name, value, offset)
    heredocs: tuple[Heredoc, ...] = ()
    shell_text: str = ""

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset into `text`."""
        return self.line + self.text.count("\n", 0, offset), offset - self.text.rfind("\n", 0, offset)

    def flag(self, name: str) -> str:
        return next((value for flag, value, _ in self.flags if flag == name), "")

    @property
    def joined(self) -> str:
        """The text on one line, continuations taken out."""
        return self.text.replace("\\\n", "").strip()

    def words(self) -> list[tuple[str, int]]:
        """(word as written, offset), split at white space outside quotes."""
        return [(found.group().replace("\\\n", ""), found.start()) for found in _WORD.finditer(self.text)]


def instructions(text: str) -> tuple[list[Instruction], list[Gap]]:
    """All instructions in order, and what is none."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    escape = _escape(lines)
    continues = re.compile(re.escape(escape) + r"[ \t]*\Z")
    found: list[Instruction] = []
    gaps: list[Gap] = []
    position = 0
    while position < len(lines):
        if _is_nothing(lines[position]):
            position += 1
            continue
        start = position
        parts: list[str] = []
        open_ended = True
        while position < len(lines) and open_ended:
            line = lines[position]
            if parts and _is_nothing(line):
                parts.append("\\")
            else:
                ending = continues.search(line)
                open_ended = ending is not None
                parts.append(line if ending is None else line[: ending.start()] + "\\")
            position += 1
        if open_ended:
            while len(parts) > 1 and parts[-1] == "\\":
                parts.pop()
            parts[-1] = parts[-1].removesuffix("\\")
        instruction, position = _instruction("\n".join(parts), lines, start, position, gaps)
        if instruction is not None:
            found.append(instruction)
    return found, gaps


def _escape(lines: list[str]) -> str:
    for line in lines:
        directive = _DIRECTIVE.match(line.strip())
        if directive is None:
            break
        if directive.group(1).lower() == "escape" and directive.group(2) in ("`", "\\"):
            return directive.group(2)
    return "\\"


def _is_nothing(line: str) -> bool:
    stripped = line.lstrip()
    return not stripped or stripped.startswith("#")


def _instruction(text: str, lines: list[str], start: int, position: int, gaps: list[Gap]) -> tuple[Instruction | None, int]:
    """The instruction of `text`, which starts at line index `start`, and the index behind its heredocs."""
    found = _KEYWORD.match(text)
    if found is None:
        gaps.append(
            Gap(start + 1, f"not a Dockerfile instruction: {next(iter((text.strip() or lines[start].strip()).splitlines()), '')[:60]}")
        )
        return None, position
    keyword = found.group(1).upper()
    offset = found.end()
    if keyword == "ONBUILD" and (inner := _KEYWORD.match(text, offset)) is not None:
        keyword = inner.group(1).upper()
        offset = inner.end()
    flags: list[tuple[str, str, int]] = []
    while True:
        offset = _skip(text, offset)
        flag = _FLAG.match(text, offset)
        if flag is None:
            break
        flags.append((flag.group(1), (flag.group(2) or "").strip("\"'"), offset))
        offset = flag.end()
    blanked = re.sub(r"[^\n]", " ", text[:offset]) + text[offset:]
    heredocs: list[Heredoc] = []
    end = position
    if keyword in _HEREDOC_KEYWORDS and "<<" in blanked:
        for heredoc in _HEREDOC.finditer(blanked):
            body, behind = _body(lines, end, heredoc.group(3), bool(heredoc.group(1)))
            if behind is None:
                gaps.append(Gap(start + 1, f"heredoc {heredoc.group(3)} has no end"))
                behind = len(lines)
            heredocs.append(Heredoc(heredoc.group(3), body, end + 1))
            end = behind
    shell_text = "\n".join([blanked, *lines[position:end]]) if end > position else blanked
    return Instruction(keyword, blanked, start + 1, tuple(flags), tuple(heredocs), shell_text), end


def _skip(text: str, offset: int) -> int:
    found = _SPACE.match(text, offset)
    return found.end() if found else offset


def _body(lines: list[str], start: int, name: str, tabs: bool) -> tuple[str, int | None]:
    """(body, index behind the end mark); the index is None when the mark is missing."""
    for index in range(start, len(lines)):
        line = lines[index].lstrip("\t") if tabs else lines[index]
        if line == name:
            body = lines[start:index]
            return "\n".join(part.lstrip("\t") if tabs else part for part in body), index + 1
    return "\n".join(lines[start:]), None
