"""Does a service behave here as it does there: settings, log shape, response times, and one verdict that names the difference."""

from __future__ import annotations

import msgspec

from steadygo.environment.compare import Comparison
from steadygo.environment.impact import Impact
from steadygo.environment.latency import Compared
from steadygo.environment.logshape import Shape
from steadygo.findings import Verdict

_LEAST_LINES = 50
_LEAST_SHARE = 0.05
_LEAST_EFFECT = 0.1  # Cramér's V: below it a difference of level shares is small whatever its p
_SIGNIFICANT = 0.001


class Aspect(msgspec.Struct, frozen=True):
    """One thing that was compared. `says` are sentences; with a FAIL the first names the difference."""

    name: str
    verdict: Verdict
    says: tuple[str, ...]


class Parity(msgspec.Struct, frozen=True):
    """The verdict is the worst of the aspects; what is not known is never counted as a pass."""

    aspects: tuple[Aspect, ...]
    verdict: Verdict


def judge(aspects: list[Aspect]) -> Parity:
    """Put aspects together."""
    verdicts = {a.verdict for a in aspects}
    worst = next((v for v in (Verdict.FAIL, Verdict.NOT_KNOWN) if v in verdicts), Verdict.PASS)
    return Parity(tuple(aspects), worst)


def of_settings(compared: Comparison) -> Aspect:
    """Settings: fatal or behaviour differences fail."""
    telling = [d for d in compared.differences if d.impact in (Impact.FATAL, Impact.BEHAVIOUR, Impact.PERFORMANCE)]
    says = tuple(
        f"{d.key}: {d.a if d.a is not None else '(unset)'} / {d.b if d.b is not None else '(unset)'} ({d.impact}: {d.why})" for d in telling
    )
    failed = any(d.impact is not Impact.PERFORMANCE for d in telling)
    if compared.verdict is Verdict.NOT_KNOWN:
        return Aspect("settings", Verdict.NOT_KNOWN, ("the two sides state nothing in common",))
    return Aspect("settings", Verdict.FAIL if failed else Verdict.PASS, says or ("no setting that matters differs",))


def of_logs(a: Shape, b: Shape) -> Aspect:
    """Log shape: format, keys on a twentieth of the lines, the mix of levels (chi-squared), kinds of error that only one side has."""
    if min(a.lines, b.lines) < _LEAST_LINES:
        return Aspect("logs", Verdict.NOT_KNOWN, (f"{a.lines} and {b.lines} lines: at least {_LEAST_LINES} are needed on each side",))
    wrong: list[str] = []
    notes: list[str] = []
    if a.format != b.format:
        wrong.append(f"a logs {a.format}, b logs {b.format}")
    else:
        for one, two, name, other in ((a, b, "a", "b"), (b, a, "b", "a")):
            missing = sorted(k for k in one.keys if one.share(k) >= _LEAST_SHARE and two.share(k) == 0)
            if missing:
                wrong.append(f"keys that {name} logs and {other} never does: {', '.join(missing[:12])}")
    p, effect = _levels(a, b)
    mix = "; ".join(
        f"{n}: " + ", ".join(f"{level} {count / s.lines:.0%}" for level, count in s.levels.most_common()) for n, s in (("a", a), ("b", b))
    )
    if p < _SIGNIFICANT and effect >= _LEAST_EFFECT:
        wrong.append(f"the mix of levels differs ({mix}; chi-squared p = {p:.2g}, Cramér's V = {effect:.2f})")
    else:
        notes.append(f"levels {mix}")
    for one, two, name in ((a, b, "a"), (b, a, "b")):
        seen = {t for counter in two.templates.values() for t in counter}
        new = [(t, n) for t, n in one.templates.get("error", {}).items() if t not in seen and n >= 3]
        if new:
            template, count = max(new, key=lambda e: e[1])
            wrong.append(
                f"errors that only {name} logs: {template!r} ({count} times)" + (f" and {len(new) - 1} other kinds" if len(new) > 1 else "")
            )
    return Aspect("logs", Verdict.FAIL if wrong else Verdict.PASS, tuple(wrong or notes))


def _levels(a: Shape, b: Shape) -> tuple[float, float]:
    """(p, Cramér's V) of the two mixes of levels."""
    from scipy import stats  # type: ignore[import-untyped]

    levels = sorted({*a.levels, *b.levels})
    if len(levels) < 2:
        return 1.0, 0.0
    rows = [[s.levels[level] for level in levels] for s in (a, b)]
    test = stats.chi2_contingency(rows)
    return float(test.pvalue), float((test.statistic / sum(map(sum, rows))) ** 0.5)


def of_latency(compared: Compared) -> Aspect:
    """Response times: quantile ratios with their intervals."""
    order = (Verdict.FAIL, Verdict.NOT_KNOWN, Verdict.PASS)
    says = [
        f"p{r.quantile * 100:g}: {r.a * 1000:.3g} ms / {r.b * 1000:.3g} ms, ratio {r.b / max(r.a, 1e-12):.2f} "
        f"(99 % interval {r.low:.2f} to {r.high:.2f}): {_word(r.verdict)}"
        for r in sorted(compared.ratios, key=lambda r: order.index(r.verdict))
    ]
    says.append(
        f"{compared.samples[0]} and {compared.samples[1]} samples, Kolmogorov-Smirnov D = {compared.statistic:.3f}, p = {compared.p:.2g}"
    )
    return Aspect("latency", compared.verdict, tuple(says))


def _word(verdict: Verdict) -> str:
    return {Verdict.FAIL: "different", Verdict.PASS: "alike"}.get(verdict, "not known, more samples are needed")
