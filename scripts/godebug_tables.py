"""Write src/steadygo/environment/data/godebug.json from the toolchains given: python scripts/godebug_tables.py GOROOT…"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from steadygo.environment.godebug import parse_table
from steadygo.environment.versions import order

OUT = Path(__file__).parent.parent / "src/steadygo/environment/data/godebug.json"


def main() -> None:
    tables = []
    for root in map(Path, sys.argv[1:]):
        version = (root / "VERSION").read_text().split()[0]
        tables.append(parse_table(version, (root / "src/internal/godebugs/table.go").read_text()))
    tables.sort(key=lambda t: order(t.version))
    rows = ",\n".join(msgspec.json.encode(t).decode().replace('[["', '[\n["').replace('],["', '],\n["') for t in tables)
    OUT.write_text(f"[{rows}]\n")
    print(f"{OUT}: " + ", ".join(f"{t.version} ({len(t.settings)}, {len(t.removed)} removed)" for t in tables))


if __name__ == "__main__":
    main()
