"""go.mod, go.work, go.sum and vendor/modules.txt, in the grammar of golang.org/x/mod/modfile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from steadygo.facts.modules import GoMod, GoSum, GoWork, Replacement, Requirement, Retraction, VendorModules
from steadygo.facts.place import Gap, Text

_VERSION = re.compile(r"v\d+(?:\.\d+(?:\.\d+)?)?(?:[-+][0-9A-Za-z.+-]*)?")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`\n]*`')
_TOKEN = re.compile(_QUOTED.pattern + r"|=>(?=[\s(){}\[\],]|$)|[()\[\]{},]|(?:(?!//)[^\s()\[\]{},])+")
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[0-7]{3}|.)")
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_MOST_SUMS = 200_000


def read(path: str, data: bytes) -> GoMod | GoWork | GoSum | VendorModules:
    """What the file states, by its name."""
    name = path.rpartition("/")[2]
    text = data.decode("utf-8-sig", "replace")
    if name.endswith(".sum"):
        return _sum(path, text)
    if name == "modules.txt":
        return _vendor(path, text)
    return _work(path, text) if name.endswith(".work") else _mod(path, text)


@dataclass(frozen=True)
class _Directive:
    """One directive, blocks resolved. `note` is its own comment, the lines above it, or those of its block."""

    verb: str
    words: tuple[str, ...]
    line: int
    column: int
    suffix: str = ""
    note: str = ""


@dataclass
class _Lines:
    """The directives of a go.mod or go.work, and what no directive could be made of."""

    text: str
    gaps: list[Gap] = field(default_factory=list)

    def __iter__(self) -> Iterator[_Directive]:
        above: list[str] = []
        verb = block_note = ""
        for number, line in enumerate(self.text.split("\n"), 1):
            code, suffix, whole = self._cut(line, number)
            if not code:
                above = [*above, suffix] if whole else []
                continue
            tokens = _TOKEN.findall(code)
            column = len(code) - len(code.lstrip()) + 1
            if verb and tokens == [")"]:
                verb = ""
            elif not verb and tokens[1:] == ["("]:
                verb, block_note = tokens[0], "\n".join(above)
            else:
                note = "\n".join([*above, suffix] if suffix else above) or (block_note if verb else "")
                words = tuple(self._unquoted(token) for token in tokens)
                if verb:
                    yield _Directive(verb, words, number, column, suffix, note)
                else:
                    yield _Directive(words[0], words[1:], number, column, suffix, note)
            above = []
        if verb:
            self.gaps.append(Gap(number, f"the block of {verb} is not closed"))

    def _cut(self, line: str, number: int) -> tuple[str, str, bool]:
        """(code, comment, whether a comment is all there is)."""
        line = line.rstrip("\r")
        position = 0
        while position < len(line):
            if line.startswith("//", position):
                code, comment = line[:position].rstrip(), line[position + 2 :].strip()
                return code, comment, not code
            if line[position] in '"`':
                token = _TOKEN.match(line, position)
                if token is None or token[0][0] not in '"`':
                    self.gaps.append(Gap(number, "a quoted string is not closed"))
                    return "", "", False
                position = token.end()
            elif line.startswith("/*", position):
                self.gaps.append(Gap(number, "go.mod knows no /* */ comments"))
                return line[:position].rstrip(), "", False
            else:
                position += 1
        return line.rstrip(), "", False

    def _unquoted(self, token: str) -> str:
        if token[0] == "`":
            return token[1:-1] if len(token) > 1 else token
        if token[0] != '"' or len(token) < 2:
            return token
        return _ESCAPE.sub(_unescaped, token[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) == 1:
        return _SIMPLE_ESCAPES.get(escape, escape)
    number = int(escape, 8) if escape[0] not in "xu" else int(escape[1:], 16)
    return "\ufffd" if 0xD800 <= number < 0xE000 else chr(number)


@dataclass
class _Stated:
    """What go.mod and go.work have in common."""

    single: dict[str, Text] = field(default_factory=dict)  # module go toolchain
    lists: dict[str, list[Text]] = field(default_factory=dict)  # godebug tool ignore use
    replacements: list[Replacement] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def take(self, d: _Directive, singles: tuple[str, ...], lists: tuple[str, ...]) -> None:
        if d.verb in singles and len(d.words) == 1:
            if d.verb in self.single:
                self.gaps.append(Gap(d.line, f"{d.verb} stands twice"))
            self.single.setdefault(d.verb, Text(d.words[0], d.line, d.column))
        elif d.verb in lists and len(d.words) == 1:
            self.lists.setdefault(d.verb, []).append(Text(d.words[0], d.line, d.column))
        elif d.verb == "replace" and (replacement := _replacement(d)):
            self.replacements.append(replacement)
        else:
            self.not_understood(d)

    def not_understood(self, d: _Directive) -> None:
        self.gaps.append(Gap(d.line, f"not understood: {' '.join((d.verb, *d.words))[:120]}"))

    def all_of(self, verb: str) -> tuple[Text, ...]:
        return tuple(self.lists.get(verb, ()))


def _mod(path: str, text: str) -> GoMod:
    lines = _Lines(text)
    stated = _Stated(gaps=lines.gaps)
    requirements: list[Requirement] = []
    exclusions: list[Requirement] = []
    retractions: list[Retraction] = []
    for d in lines:
        if d.verb in ("require", "exclude") and len(d.words) == 2:
            into = requirements if d.verb == "require" else exclusions
            into.append(Requirement(d.words[0], d.words[1], d.line, _is_indirect(d.suffix)))
        elif d.verb == "retract" and (retraction := _retraction(d)):
            retractions.append(retraction)
        else:
            stated.take(d, ("module", "go", "toolchain"), ("godebug", "tool", "ignore"))
    return GoMod(
        path,
        module=stated.single.get("module"),
        go=stated.single.get("go"),
        toolchain=stated.single.get("toolchain"),
        godebug=stated.all_of("godebug"),
        requirements=tuple(requirements),
        replacements=tuple(stated.replacements),
        retractions=tuple(retractions),
        tools=stated.all_of("tool"),
        gaps=tuple(stated.gaps),
        exclusions=tuple(exclusions),
        ignores=stated.all_of("ignore"),
    )


def _work(path: str, text: str) -> GoWork:
    lines = _Lines(text)
    stated = _Stated(gaps=lines.gaps)
    for d in lines:
        stated.take(d, ("go", "toolchain"), ("godebug", "use"))
    return GoWork(
        path,
        go=stated.single.get("go"),
        toolchain=stated.single.get("toolchain"),
        godebug=stated.all_of("godebug"),
        uses=stated.all_of("use"),
        replacements=tuple(stated.replacements),
        gaps=tuple(stated.gaps),
    )


def _is_indirect(suffix: str) -> bool:
    words = suffix.split()
    return words[:1] == ["indirect;"] or words == ["indirect"]


def _replacement(d: _Directive) -> Replacement | None:
    if "=>" not in d.words:
        return None
    arrow = d.words.index("=>")
    old, new = d.words[:arrow], d.words[arrow + 1 :]
    if len(old) not in (1, 2) or len(new) not in (1, 2):
        return None
    return Replacement(old[0], old[1] if len(old) == 2 else "", new[0], new[1] if len(new) == 2 else "", d.line)


def _retraction(d: _Directive) -> Retraction | None:
    words = d.words
    if len(words) == 1:
        return Retraction(words[0], words[0], d.note, d.line)
    if len(words) == 5 and (words[0], words[2], words[4]) == ("[", ",", "]"):
        return Retraction(words[1], words[3], d.note, d.line)
    return None


def _sum(path: str, text: str) -> GoSum:
    entries: list[tuple[str, str, str]] = []
    gaps: list[Gap] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if len(words) == 3 and len(entries) < _MOST_SUMS:
            entries.append((words[0], words[1], words[2]))
        elif words and len(gaps) < 20:
            gaps.append(Gap(number, f"not an entry of go.sum: {line[:80]}"))
    return GoSum(path, tuple(entries), tuple(gaps))


def _vendor(path: str, text: str) -> VendorModules:
    """As `go` reads it: `# path version [=> …]`, `# path => …`, `## explicit; go 1.x`, packages."""
    modules: list[Requirement] = []
    explicit: list[str] = []
    replacements: list[Replacement] = []
    packages: list[str] = []
    gaps: list[Gap] = []
    module = ""
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if line.startswith("# "):
            module = words[1] if len(words) > 2 and (words[2] == "=>" or _VERSION.fullmatch(words[2])) else ""
            if not module:
                gaps.append(Gap(number, f"not understood: {line[:120]}"))
                continue
            version = "" if words[2] == "=>" else words[2]
            if version:
                modules.append(Requirement(module, version, number))
            new = words[3:] if not version else words[4:] if words[3:4] == ["=>"] else []
            if len(new) in (1, 2):
                replacements.append(Replacement(module, version, new[0], new[1] if len(new) == 2 else "", number))
        elif line.startswith("## "):
            if module and "explicit" in (note.strip() for note in line[3:].split(";")):
                explicit.append(module)
        elif len(words) == 1 and module:
            packages.append(words[0])
        elif words:
            gaps.append(Gap(number, f"not understood: {line[:120]}"))
    return VendorModules(path, tuple(modules), tuple(explicit), tuple(replacements), tuple(packages), tuple(gaps))
