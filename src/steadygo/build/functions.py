"""The function table (pclntab) of a Go program: names, addresses, sizes, lines and files, without Go and without debug information.

Layouts of Go 1.18 and later; older tables give an empty one. Sources: internal/abi/symtab.go, debug/gosym/pclntab.go,
runtime/symtab.go and runtime/runtime2.go (`_func`) of go1.21.13 to go1.27.3.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from steadygo.build.executable import Executable, Section, text

_MAGICS = {0xFFFFFFF0, 0xFFFFFFF1}
_MOST_FUNCTIONS = 1 << 21
# moduledata holds runtime.text behind the header pointer, six slices and three words.
_TEXT_WORD = 22


class Function(NamedTuple):
    """One Go function. `size` counts bytes to the next one, padding included; `row` finds its `_func` record."""

    name: str
    address: int
    size: int
    row: int

    @property
    def package(self) -> str:
        """The import path: everything before the first dot behind the last slash."""
        head, slash, tail = self.name.split("[", 1)[0].rpartition("/")
        return (head + slash + tail.split(".", 1)[0]).replace("%2e", ".")


@dataclass(frozen=True)
class FunctionTable:
    """All Go functions of a program by address, and what the table says of their lines and files."""

    functions: tuple[Function, ...]
    order: str
    data: memoryview
    record_at: int
    lines_at: int
    units_at: int
    files_at: int

    @cached_property
    def by_name(self) -> dict[str, Function]:
        return {function.name: function for function in self.functions}

    @cached_property
    def _addresses(self) -> list[int]:
        return [function.address for function in self.functions]

    def holding(self, address: int) -> Function | None:
        """The function that an address lies in."""
        index = bisect_right(self._addresses, address) - 1
        if index < 0 or address >= self.functions[index].address + self.functions[index].size:
            return None
        return self.functions[index]

    def start_line(self, function: Function) -> int:
        """The line of `func` (0 where the table is older than Go 1.20)."""
        found: int = self._record(function)[9]
        return found

    def line_steps(self, function: Function) -> bytes:
        """The encoded line table: equal bytes are equal lines at equal offsets."""
        start = self.lines_at + self._record(function)[6]
        at, first = start, True
        while at < len(self.data) and (first or self.data[at]):
            for _ in range(2):
                while at < len(self.data) and self.data[at] & 0x80:
                    at += 1
                at += 1
            first = False
        return bytes(self.data[start:at])

    def file(self, function: Function) -> str:
        """The source file as the compiler recorded it."""
        record = self._record(function)
        value = shift = 0
        for byte in bytes(self.data[self.lines_at + record[5] : self.lines_at + record[5] + 5]):
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        # Values start at -1 and deltas are zigzag-encoded.
        index = (value >> 1 if not value & 1 else ~(value >> 1)) - 1
        at = self.units_at + 4 * (record[8] + index)
        if index < 0 or at + 4 > len(self.data):
            return ""
        return text(self.data, self.files_at + struct.unpack_from(self.order + "I", self.data, at)[0])

    def files(self) -> list[str]:
        """Every file name in the table."""
        end = self.lines_at if self.lines_at > self.files_at else len(self.data)
        return [name for name in bytes(self.data[self.files_at : end]).decode("utf-8", "replace").split("\0") if name]

    def _record(self, function: Function) -> tuple[int, ...]:
        # entry, name, args, deferreturn, pcsp, pcfile, pcln, npcdata, cuOffset, startLine
        try:
            return struct.unpack_from(self.order + "IiiIIIIIIi", self.data, self.record_at + function.row)
        except struct.error:
            return (0,) * 10


def read(executable: Executable) -> FunctionTable:
    """The function table; an empty one where the program has none, or one that cannot be read."""
    section = executable.section(".gopclntab", "__gopclntab", ".data.rel.ro.gopclntab") or _searched(executable)
    try:
        return _table(executable, section) if section else _empty()
    except (struct.error, ValueError, OverflowError):
        return _empty()


def _empty() -> FunctionTable:
    return FunctionTable((), "<", memoryview(b""), 0, 0, 0, 0)


def _searched(executable: Executable) -> Section | None:
    """PE and some external linkers keep the table inside of read-only data: look for its header there."""
    for section in executable.sections:
        if section.name not in (".rdata", ".rodata", ".data.rel.ro", ".text"):
            continue
        content = bytes(executable.content(section))
        for magic in _MAGICS:
            word = struct.pack(executable.order + "I", magic)
            at = content.find(word + b"\0\0")
            while at >= 0:
                if content[at + 6 : at + 7] in (b"\1", b"\2", b"\4") and content[at + 7 : at + 8] in (b"\4", b"\10"):
                    rest = section.size - at
                    return Section(section.name, section.address + at, section.offset + at, rest, rest, section.flags)
                at = content.find(word + b"\0\0", at + 1)
    return None


def _table(executable: Executable, section: Section) -> FunctionTable:
    data, order = executable.content(section), executable.order
    if struct.unpack_from(order + "I", data, 0)[0] not in _MAGICS:
        return _empty()
    word = "Q" if data[7] == 8 else "I"
    count, _, start, names, units, files, lines, records = struct.unpack_from(order + word * 8, data, 8)
    if count > _MOST_FUNCTIONS:
        return _empty()
    start = _text_start(executable, section, order + word) or start
    pairs = struct.unpack_from(f"{order}{2 * count + 1}I", data, records)
    name_offsets = [struct.unpack_from(order + "i", data, records + row + 4)[0] for row in pairs[1::2]]
    blob = bytes(data[names : max(names, units)])
    functions = tuple(
        Function(
            blob[name : blob.find(b"\0", name)].decode("utf-8", "replace") if 0 <= name < len(blob) else "",
            start + pairs[2 * index],
            max(0, pairs[2 * index + 2] - pairs[2 * index]),
            pairs[2 * index + 1],
        )
        for index, name in enumerate(name_offsets)
    )
    return FunctionTable(functions, order, data, records, lines, units, files)


def _text_start(executable: Executable, section: Section, word: str) -> int:
    """runtime.text: out of moduledata where that has its own section (Go 1.26), else unknown (0) or the start of the code section.

    C code comes before Go's in programs that an external linker put together: the table's own header tells there (to Go 1.25).
    """
    size = struct.calcsize(word)
    module = executable.section(".go.module", "__go_module")
    if module:
        content = executable.content(module)
        if len(content) >= (_TEXT_WORD + 1) * size and struct.unpack_from(word, content, 0)[0] == section.address:
            found: int = struct.unpack_from(word, content, _TEXT_WORD * size)[0]
            return found
    header: int = struct.unpack_from(word, executable.content(section), 8 + 2 * size)[0]
    code = executable.section(".text", "__text")
    return header or (code.address if code else 0)
