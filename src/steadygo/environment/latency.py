"""Samples of response times, and whether two sets of them come from services that answer alike.

Quantiles are compared by the ratio b/a with a bootstrapped confidence interval: inside the margin is alike, outside is different, across
it is not known. With many samples every test is significant, so significance alone never decides. Samples are taken for independent.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadygo.errors import UserError
from steadygo.findings import Verdict

QUANTILES = (0.5, 0.95, 0.99)
_CONFIDENCE = 0.99
_RESAMPLES = 10_000
_MOST_SAMPLES = 200_000
_LEAST_BEYOND = 10  # samples that must lie beyond a quantile before it says anything
_LEAST_SAMPLES = 30
_NUMBER = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?\d+)?)\s*(ns|us|µs|ms|s|m)?\s*$")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "": 1.0, None: 1.0}
_COLUMN = re.compile(
    r"(?i)^(?:.*[_. ])?(?:latency|duration|elapsed|took|response[_ ]?time|request[_ ]?time)"
    r"(?:[_.]?(ns|us|ms|s|seconds|millis|nanos))?$"
)
_SUFFIXES = {"seconds": "s", "millis": "ms", "nanos": "ns"}


@dataclass(frozen=True)
class Ratio:
    """A quantile of b over that of a, its interval, and what follows. Seconds."""

    quantile: float
    a: float
    b: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class Compared:
    """`statistic` and `p` are of the two-sample Kolmogorov-Smirnov test; the ratios decide."""

    samples: tuple[int, int]
    ratios: tuple[Ratio, ...]
    statistic: float
    p: float
    verdict: Verdict


def read(path: Path) -> list[float]:
    """Seconds from a file: a number a line (with or without a unit), CSV with a column named for it, or JSON records."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise UserError(f"The latencies {path} cannot be read: {error.strerror}.", "Give a file with one sample a line.") from error
    lines = [line for line in text.splitlines() if line.strip()][: _MOST_SAMPLES + 1]
    found = _plain(lines) or _json(lines) or _csv(lines)
    if len(found) < _LEAST_SAMPLES:
        raise UserError(
            f"{path} holds {len(found)} latencies; at least {_LEAST_SAMPLES} are needed.",
            "Give one number a line (0.012, 12ms), CSV with a column latency, duration or elapsed (…_ms), or JSON records with such a key.",
        )
    return found


def _plain(lines: list[str]) -> list[float]:
    found = [m for m in map(_NUMBER.match, lines) if m]
    return [float(m[1]) * _UNITS[m[2]] for m in found] if len(found) >= len(lines) * 0.9 else []


def _json(lines: list[str]) -> list[float]:
    found: list[float] = []
    for line in lines:
        if not line.startswith("{"):
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        for key, value in record.items() if isinstance(record, dict) else ():
            seconds = _field(key, value)
            if seconds is not None:
                found.append(seconds)
                break
    return found


def _csv(lines: list[str]) -> list[float]:
    rows = csv.DictReader(lines)
    column = next((n for n in rows.fieldnames or () if _COLUMN.match(n)), None)
    return [s for row in rows if column and (s := _field(column, row.get(column))) is not None]


def _field(name: str, value: Any) -> float | None:
    column = _COLUMN.match(name)
    number = _NUMBER.match(str(value)) if column and not isinstance(value, bool) else None
    if not column or not number:
        return None
    suffix = column[1].lower() if column[1] else None
    return float(number[1]) * _UNITS[number[2] or _SUFFIXES.get(suffix or "", suffix)]


def compare(a: list[float], b: list[float], margin: float) -> Compared:
    """Whether b answers as a does, within `margin` (0.2: a fifth slower or faster)."""
    import numpy
    from scipy import stats  # type: ignore[import-untyped]

    one, two = numpy.asarray(a), numpy.asarray(b)
    smaller = min(len(a), len(b))
    ratios: list[Ratio] = []
    for quantile in QUANTILES:
        if quantile > 0.5 and smaller * (1 - quantile) < _LEAST_BEYOND:
            continue
        low, high = _interval(one, two, quantile)
        verdict = _judge(low, high, margin)
        ratios.append(Ratio(quantile, float(numpy.quantile(one, quantile)), float(numpy.quantile(two, quantile)), low, high, verdict))
    test = stats.ks_2samp(one, two)
    verdicts = {r.verdict for r in ratios}
    overall = next((v for v in (Verdict.FAIL, Verdict.NOT_KNOWN) if v in verdicts), Verdict.PASS)
    return Compared((len(a), len(b)), tuple(ratios), float(test.statistic), float(test.pvalue), overall)


def _interval(a: Any, b: Any, quantile: float) -> tuple[float, float]:
    """The confidence interval of quantile(b) / quantile(a).

    A bootstrap without resampling: the rank of a resample's quantile is beta distributed, so its value is drawn straight from the
    sample (Hutson and Ernst, The exact bootstrap mean and variance of an L-estimator, 2000).
    """
    import numpy

    draw = numpy.random.default_rng(7)
    one, two = (numpy.quantile(x, draw.beta(len(x) * quantile + 0.5, len(x) * (1 - quantile) + 0.5, _RESAMPLES)) for x in (a, b))
    beyond = (1 - _CONFIDENCE) / 2
    low, high = numpy.quantile(two / numpy.maximum(one, 1e-12), [beyond, 1 - beyond])
    return float(low), float(high)


def _judge(low: float, high: float, margin: float) -> Verdict:
    least, most = 1 / (1 + margin), 1 + margin
    if high < least or low > most:
        return Verdict.FAIL
    return Verdict.PASS if least <= low and high <= most else Verdict.NOT_KNOWN
