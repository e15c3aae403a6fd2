"""A run as the machine's form (docs/schema/test.schema.json)."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from steadygo.testing.results import Outcome, Run, Test


def document(run: Run) -> str:
    """One line of JSON."""
    return json.dumps(
        {
            "run": run.id,
            "passed": run.count(Outcome.PASSED),
            "failed": run.count(Outcome.FAILED) + len(run.missing),
            "skipped": run.count(Outcome.SKIPPED),
            "stale": len(run.stale),
            "started": run.context.started,
            "seed": run.context.seed,
            "missing": list(run.missing),
            "faults": list(run.context.faults),
            "interference": [{"package": p.path, **msgspec.to_builtins(one)} for p in run.packages for one in p.interference],
            "packages": [
                {
                    "package": p.path,
                    "outcome": p.outcome,
                    "seconds": round(p.seconds, 3),
                    "why": p.why,
                    "source": p.source,
                    "stale": p.stale,
                    **({"workers": msgspec.to_builtins(p.shares)} if p.shares else {}),
                }
                for p in run.packages
            ],
            "tests": [_test(p.path, t) for p in run.packages for t in p.tests],
        }
    )


def _test(package: str, test: Test) -> dict[str, Any]:
    return {
        "package": package,
        "test": test.name,
        "outcome": test.outcome,
        "seconds": test.seconds,
        "why": test.why,
        "output": test.output,
        "started": test.started,
        "ended": test.ended,
        "meanwhile": test.meanwhile,
    }
