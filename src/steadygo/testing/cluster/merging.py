"""Results of the parts of a package -> the package, as if it had run in one process."""

from __future__ import annotations

import re
from collections.abc import Sequence

from steadygo.testing.plan import Planned
from steadygo.testing.results import Outcome, Package, Share, Test

_ENDS = re.compile(r"(?:PASS|FAIL)\n?")


def merged(planned: Planned, parts: Sequence[tuple[Package, Share]], missing: str = "") -> Package:
    """One result. What is planned and in no part is lost; `missing` is the end of the sentence that says why (once, where nothing ran).

    Seconds are added up: they are what the package costs, and what the next run is divided by.
    """
    tests = [t for package, _ in parts for t in package.tests]
    there = {t.name for t in tests}
    absent = [n for n in dict.fromkeys(planned.tests) if n not in there] if len(parts) > 1 or missing else []
    why = f"it never ran: {missing or 'no part of the package had it'}" if parts else "it never ran"
    tests += [Test(name, Outcome.LOST, why=why) for name in absent]
    whys = list(dict.fromkeys(p.why for p, _ in parts if p.why))
    if missing and (absent or not parts):
        whys.append(missing[0].upper() + missing[1:] + ("" if missing.endswith(".") else "."))
    bad = bool(whys) or any(t.outcome.bad for t in tests) or any(p.outcome.bad for p, _ in parts)
    return Package(
        planned.path,
        Outcome.FAILED if bad else Outcome.PASSED,
        sum(p.seconds for p, _ in parts),
        " ".join(whys),
        _output([p.output for p, _ in parts]),
        planned.source,
        planned.tests,
        tuple(tests),
        tuple(sorted({looked for p, _ in parts for looked in p.looked})),
        interference=tuple(one for p, _ in parts for one in p.interference),
        shares=tuple(share for _, share in parts),
    )


def _output(outputs: Sequence[str]) -> str:
    """What the parts printed outside of their tests; the closing word of each but the last says nothing about the package."""
    if len(outputs) < 2:
        return "".join(outputs)
    inner = "".join("\n".join(line for line in o.split("\n") if not _ENDS.fullmatch(line)) for o in outputs)
    return inner + ("FAIL\n" if any("FAIL" in o.split("\n") for o in outputs) else "PASS\n")
