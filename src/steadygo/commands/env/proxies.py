"""Ask the proxies of GOPROXY, and look into the module cache, for what `env doctor` says about stale answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from steadygo.environment.doctor import Patient, wanted
from steadygo.environment.staleness import Answer, Known, Question, judge, questions
from steadygo.findings import Finding
from steadygo.tools import goproxy

_TIMEOUT_SECONDS = 3.0
_BUDGET_SECONDS = 10.0
_AT_ONCE = 8
_UPPER = re.compile(r"[A-Z]")


def find_stale(patient: Patient, over_network: bool) -> tuple[list[Finding], list[str]]:
    """(stale answers, what is not known). Proxies that are directories are always looked at, others only `over_network`."""
    asked = [] if patient.vendored else list(questions(patient, over_network))
    if not asked:
        if not any(wanted(patient)) or patient.vendored:
            return [], []
        return [], [
            "whether proxies answer with old versions: none was asked" + ("" if over_network else " (--ask-proxies asks those of GOPROXY)")
        ]
    until = time.monotonic() + _BUDGET_SECONDS

    def ask(question: Question) -> Answer:
        left = until - time.monotonic()
        if left <= 0:
            return Answer((), f"not asked within {_BUDGET_SECONDS:g} s")
        return Answer(*goproxy.versions(question.proxy, question.module, min(_TIMEOUT_SECONDS, left)))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(asked, pool.map(ask, asked), strict=True))
    cache = Path(patient.settings.get("GOMODCACHE") or "/nonexistent")
    return judge(patient, answers, {q.module: tuple(_cached(cache, q.module)) for q in asked})


def _cached(cache: Path, module: str) -> Iterator[Known]:
    """Versions whose .info go keeps, with the time of their commit."""
    for path in sorted((cache / "cache/download" / _UPPER.sub(lambda m: "!" + m[0].lower(), module) / "@v").glob("*.info")):
        try:
            info = json.loads(path.read_bytes())
            yield Known(str(info["Version"]), f"the module cache (of {str(info.get('Time', 'an unknown day'))[:10]})")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
