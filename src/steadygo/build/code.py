"""Which functions of two programs really differ.

When one function grows, every address behind it moves, and with it the operands of nearly all calls and loads. On amd64 and arm64 those
operands are left out before two functions are compared; what is left out is looked at again for the main module: whom it calls, and which
strings it loads. On other processors size and line tables are compared. The bias is towards too few functions, not too many.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from steadygo.build import arm64
from steadygo.build.functions import Function
from steadygo.build.image import Image

# Bytes that come right before a relative operand of four bytes: CALL, JMP, and a ModRM byte that means "relative to the next
# instruction". Jcc has a second byte 80-8f behind 0f.
_BEFORE_OPERAND = frozenset(b"\xe8\xe9\x05\x0d\x15\x1d\x25\x2d\x35\x3d")
_JCC = frozenset(range(0x80, 0x90))
_OPERAND_BYTES = 4
_NOT_ZERO = re.compile(rb"[^\0]")
_CALL = re.compile(rb"\xe8")
# LEAQ string(SB), reg, and the MOVL $length, reg that may come right behind it.
_LOAD = re.compile(rb"(?s)[\x48\x4c]\x8d[\x05\x0d\x15\x1d\x25\x2d\x35\x3d](....)(?:\x41?[\xb8-\xbf](....))?")
_LONGEST_STRING = 1 << 16


class Change(NamedTuple):
    """One function that differs. `what` is added, removed, code, lines, calls or string; `a` and `b` show it in a few words."""

    name: str
    package: str
    what: str
    where: str
    a: str
    b: str


def compare(a: Image, b: Image) -> list[Change]:
    """Functions that differ, in the order of the first program's addresses; added ones come last."""
    left, right = a.functions.by_name, b.functions.by_name
    changes = []
    for name, one in left.items():
        two = right.get(name)
        if two is None:
            changes.append(Change(name, one.package, "removed", _where(a, one), f"{one.size} bytes", "(absent)"))
        elif change := _compare(a, one, b, two):
            changes.append(change)
    for name, two in right.items():
        if name not in left:
            changes.append(Change(name, two.package, "added", _where(b, two), "(absent)", f"{two.size} bytes"))
    return changes


def own_packages(image: Image) -> tuple[str, ...]:
    """Package paths of the main module: `main` and every path that starts with the module's."""
    return ("main", image.info.main.path) if image.info.main else ("main",)


def is_own(image: Image, package: str) -> bool:
    """Whether a package belongs to the main module."""
    return any(package == own or package.startswith(own + "/") for own in own_packages(image))


def differs(a: bytes, b: bytes, machine: str) -> bool:
    """Whether two stretches of code differ in more than addresses. False where that cannot be told (neither amd64 nor arm64)."""
    if a == b or len(a) != len(b):
        return a != b
    if machine != "amd64":
        return machine == "arm64" and arm64.differs(a, b)
    unlike = (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")
    covered = 0
    for found in _NOT_ZERO.finditer(unlike):
        at = found.start()
        if at < covered:
            continue
        # An operand starts at most four bytes before, behind a byte that both sides share.
        for start in range(at, max(0, at - _OPERAND_BYTES), -1):
            before = a[start - 1]
            if before in _BEFORE_OPERAND or (before in _JCC and start > 1 and a[start - 2] == 0x0F):
                covered = start + _OPERAND_BYTES
                break
        else:
            return True
    return False


def _where(image: Image, function: Function) -> str:
    return f"{image.functions.file(function)}:{image.functions.start_line(function)}"


def _compare(a: Image, one: Function, b: Image, two: Function) -> Change | None:
    package, where = one.package, _where(a, one) if is_own(a, one.package) else ""

    def change(what: str, left: str, right: str) -> Change:
        return Change(one.name, package, what, where or _where(a, one), left, right)

    if one.size != two.size:
        return change("code", f"{one.size} bytes", f"{two.size} bytes")
    code_a, code_b = a.executable.at(one.address, one.size), b.executable.at(two.address, two.size)
    machine = a.executable.machine
    masked = machine in ("amd64", "arm64") and machine == b.executable.machine
    if masked and differs(code_a, code_b, machine):
        for first, second in _strings(a, one, code_a, b, two, code_b) if where else ():
            return change("string", quoted(first, second), quoted(second, first))
        return change("code", *_first_difference(code_a, code_b))
    if not where:
        return None
    lines = a.functions.start_line(one), b.functions.start_line(two)
    if lines[0] != lines[1]:
        return change("lines", f"line {lines[0]}", f"line {lines[1]}")
    if a.functions.line_steps(one) != b.functions.line_steps(two):
        return change("lines", "lines inside of it", "moved")
    if not masked:
        return None
    for left, right in _calls(a, one, code_a, b, two, code_b):
        return change("calls", left, right)
    for first, second in _strings(a, one, code_a, b, two, code_b):
        return change("string", quoted(first, second), quoted(second, first))
    return None


def _first_difference(a: bytes, b: bytes) -> tuple[str, str]:
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), 0)
    return f"+{at:#x} {a[at : at + 8].hex(' ')}", f"+{at:#x} {b[at : at + 8].hex(' ')}"


def _calls(a: Image, one: Function, code_a: bytes, b: Image, two: Function, code_b: bytes) -> Iterator[tuple[str, str]]:
    """Calls at one offset that go to other functions. A byte that only looks like a CALL leads to no function's start."""
    right = dict(_targets(b, code_b))
    for at, target in _targets(a, code_a):
        if at not in right:
            continue
        callees = _starting(a, one.address + target), _starting(b, two.address + right[at])
        if callees[0] and callees[1] and callees[0] != callees[1]:
            yield callees


def _targets(image: Image, code: bytes) -> Iterator[tuple[int, int]]:
    """(offset of the call, target relative to the start of the code)."""
    if image.executable.machine == "arm64":
        yield from arm64.calls(code)
        return
    for found in _CALL.finditer(code, 0, max(0, len(code) - 4)):
        at = found.start()
        yield at, at + 5 + struct.unpack_from("<i", code, at + 1)[0]


def _starting(image: Image, address: int) -> str:
    callee = image.functions.holding(address)
    return callee.name if callee and callee.address == address else ""


def _strings(a: Image, one: Function, code_a: bytes, b: Image, two: Function, code_b: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Strings that are loaded at one offset and differ."""
    others = {at: (address, length) for at, address, length in _loads(b, two, code_b)}
    for at, address, length in _loads(a, one, code_a):
        if at not in others:
            continue
        left, right = _loaded(a, address, length), _loaded(b, *others[at])
        if left is not None and right is not None and left != right:
            yield left, right


def _loads(image: Image, function: Function, code: bytes) -> Iterator[tuple[int, int, int]]:
    """Loads of a constant's address: (offset, address, length or 0)."""
    if image.executable.machine == "arm64":
        yield from arm64.loads(code, function.address)
        return
    for found in _LOAD.finditer(code):
        length = struct.unpack("<I", found[2])[0] if found[2] else 0
        yield found.start(), function.address + found.end(1) + struct.unpack("<i", found[1])[0], length


def _loaded(image: Image, address: int, length: int) -> bytes | None:
    """The string behind an address; None where that is none."""
    return image_string(image, address, length) if length else string_header(image, address)


def image_string(image: Image, address: int, length: int) -> bytes | None:
    """Printable text of this length at an address, else None."""
    if not 0 < length <= _LONGEST_STRING:
        return None
    data = image.executable.at(address, length)
    try:
        return data if len(data) == length and data.decode("utf-8").replace("\n", "").replace("\t", "").isprintable() else None
    except UnicodeDecodeError:
        return None


def string_header(image: Image, address: int) -> bytes | None:
    """The string that a Go string value (pointer, length) at this address holds, else None."""
    word = image.executable.order + ("QQ" if image.executable.bits == 64 else "II")
    header = image.executable.at(address, struct.calcsize(word))
    if len(header) < struct.calcsize(word):
        return None
    pointer, length = struct.unpack(word, header)
    return image_string(image, pointer, length)


def quoted(text: bytes, other: bytes, most: int = 60) -> str:
    """A string for people, cut to where it starts to differ from the other."""
    at = next((i for i, (x, y) in enumerate(zip(text, other, strict=False)) if x != y), min(len(text), len(other)))
    start = max(0, at - 20) if len(text) > most else 0
    cut = text[start : start + most].decode("utf-8", "replace")
    return ("…" if start else "") + repr(cut)[1:-1].join('""') + ("…" if start + most < len(text) else "")
