"""The build information that Go's linker leaves in a program, read without Go.

The same answer as `go version -m` (cmd/go/internal/version, debug/buildinfo, runtime/debug.ParseBuildInfo of go1.27.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

from steadygo.build.executable import Executable, opened
from steadygo.errors import UserError

_MAGIC = b"\xff Go buildinf:"
_ALIGN = 16
_HEADER_BYTES = 32
_CHUNK_BYTES = 1 << 20
# Go itself sets no limit; the largest seen in the wild is some 100 KiB.
_MOST_BYTES = 16 << 20

_PE_PLAIN_DATA = 0x40 | 0x40000000 | 0x80000000
_PE_ALIGN_32 = 0x600000

_ESCAPE = re.compile(r"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'"}
_NAMED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"'}
_NEEDS_QUOTES = frozenset(' \t\r\n"`')


class NotGo(UserError):
    """The program holds no Go build information."""


class Module(NamedTuple):
    """One module of a build. `sum` is empty for the main module and in vendor mode; `replaced_by` is what was built instead."""

    path: str
    version: str
    sum: str = ""
    replaced_by: Module | None = None

    @property
    def built(self) -> Module:
        """The module whose source was compiled."""
        return self.replaced_by or self


@dataclass(frozen=True)
class BuildInfo:
    """`go version -m`, taken apart. `settings` keep Go's order; a key may be missing."""

    go_version: str
    path: str
    main: Module | None
    deps: tuple[Module, ...]
    settings: tuple[tuple[str, str], ...]

    def setting(self, key: str, default: str = "") -> str:
        return next((value for name, value in self.settings if name == key), default)

    @property
    def go_minor(self) -> int:
        """27 for go1.27.3 and go1.27-abc; 0 for a development version that does not say."""
        found = re.search(r"\bgo1\.(\d{1,3})", self.go_version)
        return int(found[1]) if found else 0

    def lines(self) -> list[str]:
        """The lines of `go version -m` after the first, without the leading tab."""
        rows = [f"path\t{self.path}"] if self.path else []
        for word, module in [("mod", self.main), *(("dep", dep) for dep in self.deps)]:
            if module is None:
                continue
            rows.append(f"{word}\t{module.path}\t{module.version}" + ("" if module.replaced_by else f"\t{module.sum}"))
            if module.replaced_by:
                rows.append("=>\t" + "\t".join(module.replaced_by[:3]))
        rows.extend(f"build\t{_quoted(key, key=True)}={_quoted(value)}" for key, value in self.settings)
        return rows


def read(path: Path) -> BuildInfo:
    """The build information of a program file. Raises NotGo, NotExecutable or UserError."""
    with opened(path) as executable:
        return read_from(executable, str(path))


def read_from(executable: Executable, name: str = "the file") -> BuildInfo:
    """The build information of an opened program. Raises NotGo."""
    version, modules = _raw(executable) or _refuse(name)
    return parse(version, modules, name)


def _raw(executable: Executable) -> tuple[str, str] | None:
    where = _region(executable)
    header_at = _search(executable, *where) if where else None
    if header_at is None:
        return None
    header = executable.at(header_at, _HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return None
    if header[15] & 2:
        version = _inline(executable, header_at + _HEADER_BYTES)
        modules = _inline(executable, version[1]) if version else None
        if version is None or modules is None:
            return None
        found, blob = version[0], modules[0]
    else:
        size = header[14]
        if size not in (4, 8):
            return None
        order: Literal["big", "little"] = "big" if header[15] & 1 else "little"
        found, blob = (_pointed(executable, header[16 + i * size : 16 + (i + 1) * size], order) for i in (0, 1))
    if not found:
        return None
    framed = len(blob) >= 33 and blob[-17:-16] == b"\n"
    return found.decode("utf-8", "replace"), (blob[16:-16] if framed else b"").decode("utf-8", "replace")


def _region(executable: Executable) -> tuple[int, int] | None:
    """Where the linker puts the blob: its own section, in PE the first plain writable one."""
    if executable.format == "pe":
        plain = (s for s in executable.sections if s.flags & ~_PE_ALIGN_32 == _PE_PLAIN_DATA and s.size and s.address)
        section = next(plain, None)
    else:
        section = executable.section(".go.buildinfo", "__go_buildinfo")
    return (section.address, section.memory_bytes) if section and section.memory_bytes else None


def _search(executable: Executable, start: int, size: int) -> int | None:
    end = start + size
    at = -(-start // _ALIGN) * _ALIGN
    while at < end:
        data = executable.at(at, min(_CHUNK_BYTES, end - at))
        if not data:
            return None
        found = data.find(_MAGIC)
        while found >= 0:
            if found % _ALIGN == 0:
                return at + found
            found = data.find(_MAGIC, found + 1)
        at += _CHUNK_BYTES
    return None


def _inline(executable: Executable, at: int) -> tuple[bytes, int] | None:
    """A length as Go's uvarint, then that many bytes: the bytes, and the address behind them."""
    length = shift = 0
    for used, byte in enumerate(executable.at(at, 10), start=1):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            data = executable.at(at + used, length) if length <= _MOST_BYTES else b""
            return (data, at + used + length) if len(data) == length else None
    return None


def _pointed(executable: Executable, pointer: bytes, order: Literal["big", "little"]) -> bytes:
    """A Go string behind a pointer, as programs before Go 1.18 hold it."""
    size = len(pointer)
    head = executable.at(int.from_bytes(pointer, order), 2 * size)
    if size == 0 or len(head) < 2 * size:
        return b""
    address, length = (int.from_bytes(head[i : i + size], order) for i in (0, size))
    data = executable.at(address, length) if length <= _MOST_BYTES else b""
    return data if len(data) == length else b""


def parse(version: str, modules: str, name: str = "the file") -> BuildInfo:
    """Take the linker's text apart. Lines with an unknown first word are passed over, as Go does. Raises NotGo."""
    path = ""
    main: Module | None = None
    deps: list[Module] = []
    settings: list[tuple[str, str]] = []
    last = ""
    for line in modules.split("\n")[:-1]:
        word, _, rest = line.partition("\t")
        columns = rest.split("\t")
        if word == "path" and "\t" in line:
            path = rest
        elif word in ("mod", "dep"):
            if len(columns) not in (2, 3):
                _refuse(name)
            module = Module(columns[0], columns[1], columns[2] if len(columns) == 3 else "")
            if word == "mod":
                main = module
            else:
                deps.append(module)
            last = word
        elif word == "=>":
            if len(columns) != 3 or not last:
                _refuse(name)
            replacement = Module(columns[0], columns[1], columns[2])
            if last == "mod" and main is not None:
                main = main._replace(replaced_by=replacement)
            else:
                deps[-1] = deps[-1]._replace(replaced_by=replacement)
            last = ""
        elif word == "build":
            settings.append(_setting(rest) or _refuse(name))
    return BuildInfo(version, path, main, tuple(deps), tuple(settings))


def _setting(text: str) -> tuple[str, str] | None:
    if text[:1] in ('"', "`"):
        end = _end_of_quoted(text)
        key = _unquoted(text[:end]) if end else None
        if key is None or text[end : end + 1] != "=":
            return None
        raw = text[end + 1 :]
    else:
        key, mark, raw = text.partition("=")
        if not mark or not key or _NEEDS_QUOTES & set(key):
            return None
    value = _unquoted(raw) if raw[:1] in ('"', "`") else None if _NEEDS_QUOTES & set(raw) else raw
    return None if value is None else (key, value)


def _end_of_quoted(text: str) -> int:
    """The index behind the closing quote of the Go string that starts `text`; 0 when it never closes."""
    if text[0] == "`":
        return text.find("`", 1) + 1
    found = re.match(r'"(?:[^"\\]|\\.)*"', text)
    return found.end() if found else 0


def _unquoted(text: str) -> str | None:
    if _end_of_quoted(text) != len(text):
        return None
    inner = text[1:-1]
    if text[0] == "`":
        return inner.replace("\r", "")
    if inner.count("\\") and _ESCAPE.sub("", inner).count("\\"):
        return None
    # \x and octal escapes are bytes, the others are characters: put both into UTF-8 and decode once.
    parts: list[bytes] = []
    done = 0
    for found in _ESCAPE.finditer(inner):
        parts.append(inner[done : found.start()].encode("utf-8", "replace"))
        simple, hexadecimal, octal, short, long = found.groups()
        if simple:
            parts.append(_SIMPLE[simple].encode())
        elif hexadecimal or octal:
            parts.append(bytes([int(hexadecimal, 16) if hexadecimal else int(octal, 8) & 0xFF]))
        else:
            point = int(short or long, 16)
            if point > 0x10FFFF:
                return None
            parts.append(chr(point).encode("utf-8", "replace"))
        done = found.end()
    parts.append(inner[done:].encode("utf-8", "replace"))
    return b"".join(parts).decode("utf-8", "replace")


def _quoted(text: str, *, key: bool = False) -> str:
    """Go's strconv.Quote, but only where runtime/debug.BuildInfo.String quotes."""
    if not (_NEEDS_QUOTES & set(text) or (key and (not text or "=" in text))):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if character.isprintable():
        return character
    point = ord(character)
    if point < 0x80:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _refuse(name: str) -> NoReturn:
    raise NotGo(f"{name} holds no Go build information.", "Give a program that Go 1.13 or later has built.")
