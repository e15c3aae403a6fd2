"""Which package variables and embedded files of two programs differ."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, zip_longest

from steadygo.build.cause import ABSENT, Cause
from steadygo.build.code import image_string, is_own, quoted, string_header
from steadygo.build.executable import Section
from steadygo.build.image import Image, Symbol

_MOST_FILES = 1 << 16
_MOST_FILE_BYTES = 64 << 20
# Shorter ones are too often a pointer with a small number behind it.
_SHORTEST = 3
# More than these are no single changed value but another layout.
_MOST_NAMELESS = 8


def embedded_files(image: Image) -> dict[str, tuple[str, int, str]]:
    """Files inside of embed.FS values: {path: (where, size, short hash)}. Needs no symbols.

    The compiler lays them out as a slice that points right behind itself (cmd/compile/internal/staticdata/embed.go): per file a
    name, its data and a 16-byte hash.
    """
    found: dict[str, tuple[str, int, str]] = {}
    for section in image.executable.sections:
        if section.name in (".rodata", "__rodata", ".rdata", ".data", "__data", ".data.rel.ro", ".noptrdata"):
            for at, count in _slices(image, section):
                entries = list(_files(image, at, count))
                if len(entries) == count:
                    found.update({name: (f"{section.name}+{at - section.address:#x}", size, digest) for name, size, digest in entries})
    return found


def _words(image: Image, content: memoryview) -> tuple[int, ...]:
    """A section as words of the program's size."""
    size, letter = (8, "Q") if image.executable.bits == 64 else (4, "I")
    return struct.unpack(f"{image.executable.order}{len(content) // size}{letter}", content[: len(content) // size * size])


def _slices(image: Image, section: Section) -> Iterator[tuple[int, int]]:
    """Slices that point right behind themselves: (address of the first element, count)."""
    size = image.executable.bits // 8
    words = _words(image, image.executable.content(section))
    first = section.address + 3 * size
    for index, (word, behind) in enumerate(zip(words, range(first, first + size * len(words), size), strict=True)):
        if word == behind and index + 2 < len(words) and 0 < words[index + 1] == words[index + 2] < _MOST_FILES:
            yield behind, words[index + 1]


def _files(image: Image, at: int, count: int) -> Iterator[tuple[str, int, str]]:
    layout = struct.Struct(image.executable.order + ("4Q16s" if image.executable.bits == 64 else "4I16s"))
    for index in range(count):
        row = image.executable.at(at + index * layout.size, layout.size)
        if len(row) < layout.size:
            return
        name_at, name_size, data_at, size, _ = layout.unpack(row)
        name = image_string(image, name_at, name_size)
        data = image.executable.at(data_at, size) if size <= _MOST_FILE_BYTES else b""
        if not name or len(data) != size or name.startswith(b"/"):
            return
        yield name.decode("utf-8"), size, hashlib.sha256(data).hexdigest()[:12]


def embedded_causes(a: Image, b: Image) -> Iterator[Cause]:
    """embed.FS files that differ."""
    left, right = embedded_files(a), embedded_files(b)
    for name in sorted({*left, *right}):
        one, two = left.get(name), right.get(name)
        if one and two and one[1:] == two[1:]:
            continue
        if name.endswith("/") and one is not None and two is not None:
            continue
        words = [f"{side[1]} bytes sha256:{side[2]}" if side else ABSENT for side in (one, two)]
        place = (one or two or ("",))[0]
        yield Cause("embedded-file", f"{name} ({place})", words[0], words[1], "//go:embed put this file into the program.")


def variable_causes(a: Image, b: Image) -> Iterator[Cause]:
    """Package variables that start as another string: set by -X, embedded from a file, or changed in the source."""
    for name, one in a.symbols.items():
        two = b.symbols.get(name)
        if two is None or one.kind != 1 or one.size != two.size or not is_own(a, name.rpartition(".")[0]):
            continue
        word = a.executable.bits // 8
        if name.endswith(".str") or one.size not in (2 * word, 3 * word):
            continue
        left, right = _first_value(a, one), _first_value(b, two)
        if left is None or right is None or left == right:
            continue
        words = quoted(left, right), quoted(right, left)
        if f"{name}.str" in a.symbols or f"{name}.str" in b.symbols:
            yield Cause("ldflag", f"-X {name}", *words, "-ldflags=-X sets this string; with -trimpath the flag is not recorded.")
        elif one.size == 3 * word or b"\n" in left + right or len(left) > 200:
            yield Cause("embedded-file", name, *words, "The variable's first content differs: a file embedded by //go:embed.")
        else:
            yield Cause("source", name, *words, "The variable's first value differs.")


def _first_value(image: Image, symbol: Symbol) -> bytes | None:
    """The string that a variable starts with: empty in .bss; None where it is no string."""
    header = image.executable.at(symbol.address, symbol.size)
    return string_header(image, symbol.address) if header.strip(b"\0") else b""


def nameless_variable_causes(a: Image, b: Image) -> Iterator[Cause]:
    """The same for programs without symbols: strings that package variables of one side start with and those of the other do not."""
    if a.symbols or b.symbols:
        return
    left, right = _variable_strings(a), _variable_strings(b)
    removed, added = list((left - right).elements()), list((right - left).elements())
    if not 0 < len(removed) + len(added) <= _MOST_NAMELESS:
        return
    same_main = a.build_id.main_content and a.build_id.main_content == b.build_id.main_content
    for one, two in zip_longest(removed, added, fillvalue=b""):
        shown = quoted(one, two) if one else ABSENT, quoted(two, one) if two else ABSENT
        if same_main:
            why = "A string variable differs though the main package was compiled alike: -ldflags=-X. No symbol tells its name."
            yield Cause("ldflag", "-X (a variable without a symbol)", *shown, why)
        elif b"\n" in one + two:
            yield Cause(
                "embedded-file", "(a variable without a symbol)", *shown, "A variable's first content differs: a file by //go:embed."
            )
        else:
            yield Cause("source", "(a variable without a symbol)", *shown, "A string variable's first value differs.")


def _variable_strings(image: Image) -> Counter[bytes]:
    """Strings that string values in .data point to, without those that the linker sets for the record itself."""
    section = image.executable.section(".data", "__data")
    constants = image.executable.section(".rodata", "__rodata", ".rdata")
    found: Counter[bytes] = Counter()
    if not section or not constants:
        return found
    words = _words(image, image.executable.content(section))
    mapped = range(constants.address, constants.address + constants.size)
    for pointer, size in pairwise(words):
        if _SHORTEST <= size < 1 << 16 and pointer in mapped and (text := image_string(image, pointer, size)) is not None:
            found[text] += 1
    for recorded in (image.info.setting("DefaultGODEBUG"), image.info.go_version):
        found.pop(recorded.encode(), None)
    return found
