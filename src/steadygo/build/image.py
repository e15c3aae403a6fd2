"""Everything that `explain` and `verify` want to know of one program, read once from its file."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from steadygo.build import buildinfo, functions
from steadygo.build.buildinfo import BuildInfo
from steadygo.build.executable import Executable, opened, text

_PT_INTERP = 3
_DT_NEEDED = 1
_VERSION = re.compile(r"([A-Z]+(?:_[A-Z]+)*)_(\d+(?:\.\d+)*)$")
_BUILD_ID = re.compile(rb'\xff Go build ID: "([\x20-\x7e]{1,300})"\n \xff')
_BUILD_ID_WITHIN = 32 << 10
_STT_OBJECT, _STT_FUNC = 1, 2


class Symbol(NamedTuple):
    """An entry of the symbol table. `kind` is ELF's type (1 object, 2 function)."""

    name: str
    address: int
    size: int
    kind: int


class BuildId(NamedTuple):
    """Go's build id: action and content hashes of the program and of its main package."""

    action: str
    main_action: str
    main_content: str
    content: str


@dataclass(frozen=True)
class Image:
    """One opened Go program."""

    path: Path
    executable: Executable
    info: BuildInfo

    @cached_property
    def functions(self) -> functions.FunctionTable:
        return functions.read(self.executable)

    @cached_property
    def symbols(self) -> dict[str, Symbol]:
        """The ELF symbol table by name; empty when stripped or not ELF."""
        return {symbol.name: symbol for symbol in _symbols(self.executable)}

    @cached_property
    def build_id(self) -> BuildId:
        section = self.executable.section(".note.go.buildid")
        if section:
            found = bytes(self.executable.content(section))[16:].rstrip(b"\0")
        else:
            # Mach-O and PE keep it in front of the code.
            code = self.executable.section("__text", ".text")
            match = _BUILD_ID.search(bytes(self.executable.content(code)[:_BUILD_ID_WITHIN])) if code else None
            found = match[1] if match else b""
        parts = found.decode("ascii", "replace").split("/")
        return BuildId(*parts) if len(parts) == 4 else BuildId("", "", "", "")

    @property
    def interpreter(self) -> str:
        """The dynamic loader that the program asks for; empty in a static one."""
        for segment in self.executable.segments:
            if self.executable.format == "elf" and segment.kind == _PT_INTERP:
                return text(self.executable.data[segment.offset : segment.offset + segment.size], 0)
        return ""

    @cached_property
    def libraries(self) -> tuple[str, ...]:
        """Shared libraries that the loader must find (ELF only)."""
        strings = self.executable.section(".dynstr")
        dynamic = self.executable.section(".dynamic")
        if not strings or not dynamic:
            return ()
        names = self.executable.content(strings)
        word = self.executable.order + ("qQ" if self.executable.bits == 64 else "iI")
        content = self.executable.content(dynamic)
        usable = content[: len(content) // struct.calcsize(word) * struct.calcsize(word)]
        return tuple(text(names, value) for tag, value in struct.iter_unpack(word, usable) if tag == _DT_NEEDED)

    @cached_property
    def library_versions(self) -> dict[str, str]:
        """The highest symbol version needed of each family: {"GLIBC": "2.34"} (ELF only)."""
        return _needed_versions(self.executable)

    @property
    def compilers(self) -> tuple[str, ...]:
        """What C compilers wrote into .comment, each once, as they stand there."""
        section = self.executable.section(".comment")
        raw = bytes(self.executable.content(section)) if section else b""
        return tuple(dict.fromkeys(part.decode("utf-8", "replace") for part in raw.split(b"\0") if part))


@contextmanager
def opened_image(path: Path) -> Iterator[Image]:
    """Open a Go program. Raises NotGo, NotExecutable or UserError."""
    with opened(path) as executable:
        yield Image(path, executable, buildinfo.read_from(executable, str(path)))


def version_key(version: str) -> tuple[int, ...]:
    """`2.34` as a tuple that compares."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _symbols(executable: Executable) -> Iterator[Symbol]:
    table, names = executable.section(".symtab"), executable.section(".strtab")
    if not table or not names:
        return
    blob = bytes(executable.content(names))
    wide = executable.bits == 64
    layout = struct.Struct(executable.order + ("IBBHQQ" if wide else "IIIBBH"))
    content = executable.content(table)
    for row in layout.iter_unpack(content[: len(content) // layout.size * layout.size]):
        name, address, size, kind = (row[0], row[4], row[5], row[1]) if wide else (row[0], row[1], row[2], row[3])
        if kind & 0xF in (_STT_OBJECT, _STT_FUNC) and name < len(blob):
            yield Symbol(blob[name : blob.find(b"\0", name)].decode("utf-8", "replace"), address, size, kind & 0xF)


def _needed_versions(executable: Executable) -> dict[str, str]:
    section, strings = executable.section(".gnu.version_r"), executable.section(".dynstr")
    found: dict[str, str] = {}
    if not section or not strings:
        return found
    data, names, order = executable.content(section), executable.content(strings), executable.order
    at = 0
    try:
        for _ in range(256):
            _, count, _, first, following = struct.unpack_from(order + "HHIII", data, at)
            inner = at + first
            for _ in range(count):
                _, _, _, name, step = struct.unpack_from(order + "IHHII", data, inner)
                match = _VERSION.match(text(names, name))
                if match and version_key(match[2]) > version_key(found.get(match[1], "0")):
                    found[match[1]] = match[2]
                inner += step
            if not following:
                break
            at += following
    except struct.error:
        return found
    return found
