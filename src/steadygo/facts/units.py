"""systemd units with their drop-ins, and environment files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import inf

import msgspec

from steadygo.facts.commands import Variable
from steadygo.facts.place import Gap


class Directive(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`section.name = value` after continuation lines were joined. An empty value resets a list."""

    section: str
    name: str
    value: str
    line: int
    path: str = ""


class Unit(msgspec.Struct, frozen=True, array_like=True, tag="unit", gc=False):
    """A unit file, or a drop-in (`drop_in_of` names the unit, "orders.service")."""

    path: str
    name: str
    directives: tuple[Directive, ...] = ()
    drop_in_of: str = ""
    gaps: tuple[Gap, ...] = ()

    def find_all(self, section: str, name: str) -> list[Directive]:
        """Every value of a list directive, after resets, in order."""
        found: list[Directive] = []
        for d in self.directives:
            if d.section == section and d.name == name:
                if d.value == "":
                    found.clear()
                else:
                    found.append(d)
        return found

    def find(self, section: str, name: str) -> Directive | None:
        """The value that counts: the last one."""
        found = self.find_all(section, name)
        return found[-1] if found else None


class EnvironmentFile(msgspec.Struct, frozen=True, array_like=True, tag="envfile", gc=False):
    """A .env or EnvironmentFile. Values of names that look like secrets are None with source "secret"."""

    path: str
    variables: tuple[Variable, ...] = ()
    gaps: tuple[Gap, ...] = ()


def merge(unit: Unit, drop_ins: Iterable[Unit]) -> Unit:
    """`unit` with those of `drop_ins` that apply to it, in systemd's order: by file name, wherever they stand.

    Of files of one name below one directory the one for the most specific unit counts. Their directives name their own path.
    """
    chosen: dict[tuple[str, str], tuple[int, Unit]] = {}
    for drop_in in sorted(drop_ins, key=lambda d: d.path):
        rank = _specificity(drop_in.drop_in_of, unit.name)
        folder, _, name = drop_in.path.rpartition("/")
        place = (name, folder.rpartition("/")[0])
        if rank and (place not in chosen or chosen[place][0] < rank):
            chosen[place] = (rank, drop_in)
    directives = list(unit.directives)
    gaps = list(unit.gaps)
    for _, (_, drop_in) in sorted(chosen.items(), key=lambda item: (item[0][0], item[1][1].path)):
        directives += [msgspec.structs.replace(d, path=d.path or drop_in.path) for d in drop_in.directives]
        gaps += [Gap(1, f"{drop_in.path}:{gap.line}: {gap.reason}") for gap in drop_in.gaps]
    return msgspec.structs.replace(unit, directives=tuple(directives), gaps=tuple(gaps))


def _specificity(drop_in_of: str, name: str) -> int:
    """0 when a drop-in for `drop_in_of` does not apply to the unit `name`; higher is closer to it.

    A unit takes the drop-ins of its own name, of its template, of its name cut after a dash, and of its type ("service").
    """
    stem, _, suffix = name.rpartition(".")
    template = f"{stem.partition('@')[0]}@.{suffix}" if "@" in stem else ""
    if drop_in_of == name:
        return 10_000
    if template and drop_in_of == template:
        return 9_000
    if drop_in_of == suffix:
        return 1
    cut = drop_in_of.removesuffix(f".{suffix}")
    return 1 + len(cut) if cut != drop_in_of and cut.endswith("-") and stem.startswith(cut) else 0


_TIME_UNITS = (  # systemd takes the first that fits, so the order matters
    *(("seconds", 1.0), ("second", 1.0), ("sec", 1.0), ("s", 1.0), ("minutes", 60.0), ("minute", 60.0), ("min", 60.0)),
    *(("months", 2_629_800.0), ("month", 2_629_800.0), ("M", 2_629_800.0), ("msec", 1e-3), ("ms", 1e-3), ("m", 60.0)),
    *(("hours", 3600.0), ("hour", 3600.0), ("hr", 3600.0), ("h", 3600.0), ("days", 86_400.0), ("day", 86_400.0), ("d", 86_400.0)),
    *(("weeks", 604_800.0), ("week", 604_800.0), ("w", 604_800.0), ("years", 31_557_600.0), ("year", 31_557_600.0)),
    *(("y", 31_557_600.0), ("usec", 1e-6), ("us", 1e-6), ("μs", 1e-6), ("µs", 1e-6)),
)
_TIME = re.compile(r"\s*(?:(\+?\d+)(\.\d+)?|\+?(\.\d+))(\s*)", re.ASCII)
_SIZE = re.compile(r"\s*(\d+)(?:\.(\d*))?\s*([EPTGMKB]?)", re.ASCII)


def seconds(text: str) -> float | None:
    """A systemd time span ("1min 30s", "2h", "infinity", a bare number is seconds) in seconds; None when systemd refuses it."""
    if text.strip() == "infinity":
        return inf
    total, position, text = 0.0, 0, text.strip()
    if not text or len(text) > 200:
        return None
    while position < len(text):
        number = _TIME.match(text, position)
        if number is None:
            return None
        position = number.end()
        factor = 1.0
        for name, value in _TIME_UNITS:
            if text.startswith(name, position):
                position += len(name)
                factor = value
                break
        else:
            if not number[4] and position < len(text):
                return None
        total += float((number[1] or "0") + (number[2] or number[3] or "")) * factor
    return round(total, 6)


def size(text: str) -> float | None:
    """A systemd size ("512M", "1G 500M", powers of 1024) in bytes; inf for "infinity"; None for a percentage or what systemd refuses."""
    if text.strip() == "infinity":
        return inf
    total, position, first, text = 0.0, 0, 0, text.strip()
    if not text or len(text) > 200:
        return None
    while position < len(text):
        number = _SIZE.match(text, position)
        if number is None:
            return None
        rank = "EPTGMKB".index(number[3]) if number[3] else 7
        if rank < first:
            return None
        first, position = rank + 1, number.end()
        total += float(f"{number[1]}.{number[2] or '0'}") * 1024 ** max(0, 6 - rank)
    return total


_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'", "s": " "}
_CODED_ESCAPE = re.compile(r"x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3}")
_SPACE = " \t\n\r"


def split_words(value: str) -> tuple[list[str], bool]:
    """Words as systemd splits them (quotes anywhere in a word, C escapes, unknown escapes kept), and whether all quotes were closed."""
    words, _, closed = _split(value, 0, commands=False)
    return words, closed


def exec_commands(value: str) -> list[tuple[str, tuple[str, ...]]]:
    """The commands of an Exec…= value, as (prefixes, words): a lone `;` stands between two. Specifiers and $NAME stay as written.

    A command whose quotes are not closed is dropped with all that follow, as systemd drops it.
    """
    commands: list[tuple[str, tuple[str, ...]]] = []
    position = 0
    while position < len(value):
        words, position, closed = _split(value, position, commands=True)
        if not closed:
            break
        if words:
            prefixes = _prefixes(words[0])
            commands.append((prefixes, (words[0][len(prefixes) :], *words[1:])))
    return commands


def exec_words(value: str) -> tuple[str, tuple[str, ...]]:
    """(prefixes, words) of the first command of an Exec…= value; ("", ()) when there is none. After the prefix `@` words[1] is argv[0]."""
    commands = exec_commands(value)
    return commands[0] if commands else ("", ())


def environment(value: str) -> list[tuple[str, str]]:
    """The assignments of an Environment= value; words that are not NAME=VALUE are left out, as systemd ignores them."""
    found: list[tuple[str, str]] = []
    for word in split_words(value)[0]:
        name, equals, text = word.partition("=")
        if equals and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            found.append((name, text))
    return found


def _prefixes(word: str) -> str:
    """The special characters before an executable's path. `+`, `!` and `!!` exclude each other, each of the others counts once."""
    taken = 0
    left = set("-@:|")
    privileges = True
    while taken < len(word):
        if privileges and word.startswith(("+", "!"), taken):
            taken += 2 if word.startswith("!!", taken) else 1
            privileges = False
        elif word[taken] in left:
            left.discard(word[taken])
            taken += 1
        else:
            break
    return word[:taken]


def _split(value: str, position: int, *, commands: bool) -> tuple[list[str], int, bool]:
    """Words from `position` to the end, or with `commands` past the next lone `;`. Also where it stopped and whether quotes closed."""
    words: list[str] = []
    end = len(value)
    while True:
        while position < end and value[position] in _SPACE:
            position += 1
        if position >= end:
            return words, end, True
        if commands and words:
            if value[position] == ";" and value[position + 1 : position + 2] in ("", *_SPACE):
                return words, position + 1, True
            if value.startswith("\\;", position) and value[position + 2 : position + 3] in ("", *_SPACE):
                words.append(";")
                position += 2
                continue
        characters = _Characters(value, position)
        word = "".join(characters)
        position = characters.position
        if not characters.closed:
            return words, end, False
        words.append(word)


class _Characters:
    """The characters of one word."""

    def __init__(self, value: str, position: int) -> None:
        self.value = value
        self.position = position
        self.closed = True

    def __iter__(self) -> Iterator[str]:
        quote = ""
        value = self.value
        while self.position < len(value):
            c = value[self.position]
            if not quote and c in _SPACE:
                return
            self.position += 1
            if c == quote:
                quote = ""
            elif not quote and c in "'\"":
                quote = c
            elif c == "\\":
                yield self._escape()
            else:
                yield c
        self.closed = not quote

    def _escape(self) -> str:
        following = self.value[self.position : self.position + 1]
        if following in _ESCAPES:
            self.position += 1
            return _ESCAPES[following]
        coded = _CODED_ESCAPE.match(self.value, self.position)
        if coded is None:
            return "\\"
        number = int(coded[0][1:], 16) if coded[0][0] in "xuU" else int(coded[0], 8)
        if not 0 < number < (0x100 if coded[0][0] not in "uU" else 0x110000) or 0xD800 <= number < 0xE000:
            return "\\"
        self.position = coded.end()
        return chr(number)
