"""Every file of examples/orders in turn truncated, with bytes flipped, or replaced by a directory: never a traceback."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from steadygo.scan.engine import Options, scan
from steadygo.scan.lines import Lines

ORDERS = Path(__file__).parents[2] / "examples" / "orders"
FILES = sorted(p.relative_to(ORDERS).as_posix() for p in ORDERS.rglob("*") if p.is_file() and p.name != "steadygo.toml")
CASES = 500
PARTS = 10


def corrupt(file: Path, chance: random.Random) -> str:
    data = bytearray(file.read_bytes())
    kind = chance.choice(["cut", "flip", "directory", "insert"])
    if kind == "directory":
        file.unlink()
        file.mkdir()
    elif kind == "cut":
        file.write_bytes(bytes(data[: chance.randrange(len(data) + 1)]))
    elif kind == "insert":
        at = chance.randrange(len(data) + 1)
        file.write_bytes(bytes(data[:at]) + chance.randbytes(chance.randrange(1, 40)) + bytes(data[at:]))
    else:
        for _ in range(chance.randrange(1, 30)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        file.write_bytes(bytes(data))
    return kind


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_scans_a_corrupted_copy(part: int, tmp_path: Path) -> None:
    copy = tmp_path / "orders"
    shutil.copytree(ORDERS, copy)
    cache = tmp_path / "cache"
    for case in range(part, CASES, PARTS):
        chance = random.Random(case)
        name = FILES[case % len(FILES)]
        kind = corrupt(copy / name, chance)
        result = scan(copy, Options(cache=cache), Lines(copy))
        broken = [n for n in result.not_known if "reader failed" in n.message or "the rule failed" in n.message]
        assert not broken, (case, kind, name, broken)
        if (copy / name).is_dir():
            (copy / name).rmdir()
        shutil.copy(ORDERS / name, copy / name)
