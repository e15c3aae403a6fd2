"""Sections and segments of ELF, Mach-O and PE files. Reads headers only; contents are slices of a memory map.

Numbers out of a broken file never raise anything but `NotExecutable`. Sources: the System V ABI, mach-o/loader.h, the PE/COFF
specification, and Go's debug/elf, debug/macho and debug/pe for what Go itself accepts.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

from steadygo.errors import UserError

# A Go binary has about 40 sections and 10 segments; a broken header may claim 65,535.
_MOST_HEADERS = 4096

_ELF_MACHINES = {
    3: "386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64", 258: "loong64",
}  # fmt: skip
_MACHO_MACHINES = {7: "386", 0x01000007: "amd64", 12: "arm", 0x0100000C: "arm64"}
_PE_MACHINES = {0x14C: "386", 0x8664: "amd64", 0x1C4: "arm", 0xAA64: "arm64"}

_SHT_NOBITS = 8
_LC_SEGMENT, _LC_SEGMENT_64 = 0x1, 0x19


class NotExecutable(UserError):
    """The file is not an ELF, Mach-O or PE program, or its headers are broken."""


class Section(NamedTuple):
    """A named part of the file. `size` counts bytes in the file, `memory_bytes` bytes in memory; `flags` are the format's own."""

    name: str
    address: int
    offset: int
    size: int
    memory_bytes: int
    flags: int


class Segment(NamedTuple):
    """What is mapped where: `size` bytes of the file at `offset` appear at `address`. `kind` is ELF's p_type, else 0."""

    kind: int
    address: int
    offset: int
    size: int


@dataclass(frozen=True)
class Executable:
    """One program image. `order` is struct's byte-order mark; `machine` is a GOARCH word or `unknown`."""

    data: memoryview
    format: str
    machine: str
    bits: int
    order: str
    sections: tuple[Section, ...]
    segments: tuple[Segment, ...]

    def section(self, *names: str) -> Section | None:
        """The first section with one of these names."""
        return next((s for s in self.sections if s.name in names), None)

    def content(self, section: Section) -> memoryview:
        """The section's bytes in the file, shortened where the file ends early."""
        return self.data[section.offset : section.offset + section.size]

    def at(self, address: int, size: int) -> bytes:
        """Up to `size` bytes from a virtual address to the end of what is mapped there; empty where nothing is."""
        for segment in self.segments:
            inside = address - segment.address
            if 0 <= inside < segment.size:
                start = segment.offset + inside
                return bytes(self.data[start : start + max(0, min(size, segment.size - inside))])
        return b""


@contextmanager
def opened(path: Path) -> Iterator[Executable]:
    """Map a file and read its headers. Raises NotExecutable, or UserError when it cannot be read."""
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise NotExecutable(f"{path} is empty.", "Give a program file.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Give the path of a program file.") from None
    view = memoryview(mapped)
    try:
        yield load(view, str(path))
    finally:
        # Slices that a caller still holds keep the map alive; it goes with them.
        try:
            view.release()
            mapped.close()
        except BufferError:
            pass


def load(data: memoryview, name: str = "the file") -> Executable:
    """Read the headers of a program image. Raises NotExecutable."""
    start = bytes(data[:4])
    try:
        if start == b"\x7fELF":
            return _elf(data)
        if start[:2] == b"MZ":
            return _pe(data)
        if start in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"):
            return _macho(_first_of_fat(data))
        if start in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"):
            return _macho(data)
    except (struct.error, IndexError, ValueError, OverflowError):
        raise NotExecutable(f"{name} has broken headers.", "Is the file complete?") from None
    raise NotExecutable(f"{name} is not an ELF, Mach-O or PE program.", "Give the path of a program file.")


def text(data: memoryview | bytes, start: int) -> str:
    """The NUL-terminated string at `start`, at most 4 KiB; empty outside of the data."""
    if not 0 <= start < len(data):
        return ""
    return bytes(data[start : start + 4096]).split(b"\0", 1)[0].decode("utf-8", "replace")


def _elf(data: memoryview) -> Executable:
    if data[4] not in (1, 2) or data[5] not in (1, 2):
        _refuse()
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    head = struct.unpack_from(order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"), data, 16)
    machine, program_at, section_at = head[1], head[4], head[5]
    program_size, program_count, section_size, section_count, names_index = head[8:13]
    if section_at and (section_count == 0 or names_index == 0xFFFF):
        first = struct.unpack_from(order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"), data, section_at)
        section_count, names_index = section_count or first[5], first[6] if names_index == 0xFFFF else names_index
    if max(program_count, section_count) > _MOST_HEADERS:
        _refuse()
    segments = []
    for index in range(program_count):
        row = struct.unpack_from(order + ("IIQQQQQQ" if wide else "IIIIIIII"), data, program_at + index * program_size)
        kind, offset, address, size = (row[0], row[2], row[3], row[5]) if wide else (row[0], row[1], row[2], row[4])
        segments.append(Segment(kind, address, offset, size))
    rows = [
        struct.unpack_from(order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"), data, section_at + index * section_size)
        for index in range(section_count if section_at else 0)
    ]
    names = memoryview(b"")
    if names_index < len(rows):
        names = data[rows[names_index][4] : rows[names_index][4] + rows[names_index][5]]
    sections = tuple(Section(text(names, r[0]), r[3], r[4], 0 if r[1] == _SHT_NOBITS else r[5], r[5], r[2]) for r in rows if r[1] != 0)
    return Executable(data, "elf", _ELF_MACHINES.get(machine, "unknown"), 64 if wide else 32, order, sections, tuple(segments))


def _first_of_fat(data: memoryview) -> memoryview:
    wide = data[3] == 0xBF
    count = struct.unpack_from(">I", data, 4)[0]
    if count == 0:
        _refuse()
    offset, size = struct.unpack_from(">QQ" if wide else ">II", data, 16)
    return data[offset : offset + size]


def _macho(data: memoryview) -> Executable:
    order = "<" if data[0] in (0xCE, 0xCF) else ">"
    wide = (data[0] if order == "<" else data[3]) == 0xCF
    _, machine, _, _, count, _ = struct.unpack_from(order + "IIIIII", data, 0)
    if count > _MOST_HEADERS:
        _refuse()
    at = 32 if wide else 28
    sections: list[Section] = []
    segments: list[Segment] = []
    for _ in range(count):
        command, size = struct.unpack_from(order + "II", data, at)
        if command == (_LC_SEGMENT_64 if wide else _LC_SEGMENT):
            row = struct.unpack_from(order + ("QQQQIIII" if wide else "IIIIIIII"), data, at + 24)
            if text(data[at + 8 : at + 24], 0) != "__PAGEZERO":
                segments.append(Segment(0, row[0], row[2], row[3]))
            if row[6] > _MOST_HEADERS or len(sections) > _MOST_HEADERS:
                _refuse()
            sections.extend(_macho_sections(data, order, wide, at + 24 + (48 if wide else 32), row[6]))
        if size < 8:
            _refuse()
        at += size
    return Executable(data, "macho", _MACHO_MACHINES.get(machine, "unknown"), 64 if wide else 32, order, tuple(sections), tuple(segments))


def _macho_sections(data: memoryview, order: str, wide: bool, at: int, count: int) -> Iterator[Section]:
    for index in range(count):
        start = at + index * (80 if wide else 68)
        row = struct.unpack_from(order + ("QQIIIII" if wide else "IIIIIII"), data, start + 32)
        name = text(data[start : start + 16], 0)
        zero_filled = row[6] & 0xFF in (1, 12, 18)
        yield Section(name, row[0], row[2], 0 if zero_filled else row[1], row[1], row[6])


def _pe(data: memoryview) -> Executable:
    at = struct.unpack_from("<I", data, 0x3C)[0]
    if bytes(data[at : at + 4]) != b"PE\0\0":
        _refuse()
    machine, count, _, symbols_at, symbol_count, optional_size, _ = struct.unpack_from("<HHIIIHH", data, at + 4)
    optional = at + 24
    wide = optional_size > 0 and struct.unpack_from("<H", data, optional)[0] == 0x20B
    base = 0
    if optional_size:
        base = struct.unpack_from("<Q", data, optional + 24)[0] if wide else struct.unpack_from("<I", data, optional + 28)[0]
    if count > _MOST_HEADERS:
        _refuse()
    strings = data[symbols_at + symbol_count * 18 :] if symbols_at else memoryview(b"")
    sections = []
    for index in range(count):
        raw, memory, address, size, offset, _, _, _, _, flags = struct.unpack_from(
            "<8sIIIIIIHHI", data, optional + optional_size + index * 40
        )
        name = raw.split(b"\0", 1)[0].decode("utf-8", "replace")
        if name.startswith("/") and name[1:].isdecimal():
            name = text(strings, int(name[1:])) or name
        sections.append(Section(name, base + address, offset, size, memory, flags))
    segments = tuple(Segment(0, s.address, s.offset, s.size) for s in sections)
    return Executable(data, "pe", _PE_MACHINES.get(machine, "unknown"), 64 if wide else 32, "<", tuple(sections), segments)


def _refuse() -> NoReturn:
    raise ValueError
