"""Scaffold of a new rule: writes exactly one file. Usage: new_rule.py CHAPTER/RULE-NAME"""

from __future__ import annotations

import sys
from pathlib import Path

from steadygo.rules.chapters import CHAPTERS

TEMPLATE = '''"""Say in one sentence what happens in production.

Say why it happens and how it shows.

Fix: say what to change.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls("time.Sleep"):
        yield Finding("say what is wrong here", file.at(call), fix="say what to write instead")


_MODULE = "module example.com/a\\n\\ngo 1.24\\n"
_MAIN = """package main

import "time"

func main() {
\t// body
}
"""

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="next",
    check=check,
    fails={"go.mod": _MODULE, "main.go": _MAIN.replace("// body", "time.Sleep(1) // want")},
    passes={"go.mod": _MODULE, "main.go": _MAIN.replace("// body", "time.Sleep(2)").replace("time.Sleep", "time.Since")},
)
'''


def main(arguments: list[str]) -> int:
    """Write the file; returns the exit code."""
    chapter, _, name = (arguments or [""])[0].partition("/")
    if chapter not in CHAPTERS or not name or name != name.lower() or not name.replace("-", "").isalnum():
        print(f"Give CHAPTER/RULE-NAME, such as shutdown/drain-outlives-grace. Chapters: {' '.join(CHAPTERS)}.", file=sys.stderr)
        return 2
    path = Path(__file__).parent.parent / "src/steadygo/rules" / chapter / f"{name.replace('-', '_')}.py"
    if path.exists():
        print(f"{path} is there already.", file=sys.stderr)
        return 2
    path.parent.mkdir(exist_ok=True)
    path.write_text(TEMPLATE)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
