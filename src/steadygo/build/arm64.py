"""As much of the arm64 instruction set as tells addresses from code: which bits only say where something lies.

Source: Arm Architecture Reference Manual, A64 base instructions; cmd/internal/obj/arm64 for the pairs that Go emits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ADRP = 0x90000000
_REGISTER = 31


def differs(a: bytes, b: bytes) -> bool:
    """Whether two stretches of code of one length differ in more than addresses."""
    if len(a) % 4:
        return a != b
    one, two = (struct.unpack(f"<{len(code) // 4}I", code) for code in (a, b))
    return any(x != y and not _same(one, two, index) for index, (x, y) in enumerate(zip(one, two, strict=True)))


def _same(one: tuple[int, ...], two: tuple[int, ...], index: int) -> bool:
    """Whether two differing words are one instruction with another address."""
    x, y = one[index], two[index]
    if (x ^ y) & 0xFC000000 == 0 and x & 0x7C000000 == 0x14000000:
        return True  # B and BL
    if _is_adrp(x) and _is_adrp(y):
        return x & _REGISTER == y & _REGISTER
    # ADD, or a load or store, with the low twelve bits of the address whose page the word before has.
    low = 0x003FFC00
    if (x ^ y) & ~low or index == 0 or not (x & 0xFFC00000 == 0x91000000 or x & 0x3B000000 == 0x39000000):
        return False
    return _is_adrp(one[index - 1]) and one[index - 1] & _REGISTER == x >> 5 & _REGISTER


def _is_adrp(word: int) -> bool:
    return word & 0x9F000000 == _ADRP


def calls(code: bytes) -> Iterator[tuple[int, int]]:
    """BL: (offset, target relative to the start of the code)."""
    for index, word in enumerate(_words(code)):
        if word & 0xFC000000 == 0x94000000:
            yield 4 * index, 4 * index + 4 * _signed(word & 0x03FFFFFF, 26)


def loads(code: bytes, address: int) -> Iterator[tuple[int, int, int]]:
    """ADRP with ADD: (offset, address of the constant, length that the next words put into a register, 0 where they do not)."""
    words = _words(code)
    for index in range(len(words) - 1):
        page, add = words[index], words[index + 1]
        if not _is_adrp(page) or add & 0xFFC00000 != 0x91000000 or add >> 5 & _REGISTER != page & _REGISTER:
            continue
        distance = _signed((page >> 5 & 0x7FFFF) << 2 | page >> 29 & 3, 21) << 12
        target = (address + 4 * index & ~0xFFF) + distance + (add >> 10 & 0xFFF)
        yield 4 * index, target, next((n for word in words[index + 2 : index + 4] if (n := _constant(word))), 0)


def _words(code: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(code) // 4}I", code[: len(code) // 4 * 4])


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def _constant(word: int) -> int:
    """The number of MOVZ, or of ORR from the zero register; 0 for anything else."""
    if word & 0xFFE00000 == 0xD2800000:
        return word >> 5 & 0xFFFF
    if word & 0xFFC003E0 == 0xB24003E0 or word & 0xFFC003E0 == 0xB20003E0:
        # A run of ones, turned right: only patterns of one 64-bit element are numbers as small as a length.
        turned, ones = word >> 16 & 63, (word >> 10 & 63) + 1
        run = (1 << ones) - 1
        value = (run >> turned | run << (64 - turned)) & (1 << 64) - 1
        return value if word >> 22 & 1 and value < 1 << 16 else 0
    return 0
