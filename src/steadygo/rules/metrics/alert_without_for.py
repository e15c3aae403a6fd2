"""A page for one bad sample: the alert has no `for`, so a single scrape or a restart wakes somebody.

Without `for` an alert fires at the first evaluation that is true. Restarts, one lost scrape or a short spike are enough, and people learn
to ignore the page.

Only alerts that wake people count (a label `severity` of page, critical or the like). Left out are alerts that look back themselves (a
range of ten minutes or more, `_over_time`), that ask for absence or for facts that do not flap (an expiring certificate, a failed job), and
those with `keep_firing_for`.

Fix: add `for: 5m` (as long as you can bear not to know).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_PAGES = {"page", "critical", "pager", "p1", "p0", "sev1", "sev0", "emergency", "high", "disaster"}
_LOOKS_BACK = re.compile(
    r"_over_time\s*\(|\[\s*(?:\d+[hdwy]|[1-9]\d+m|\d{3,}m)\b|absent|changes\s*\(|time\s*\(\)|predict_linear|expir|timestamp|last_|_failed|corrupt"
)


def check(facts: Repository) -> Iterator[Finding]:
    for alerts in facts.alerts:
        if not facts.ships(alerts.path):
            continue
        for rule in alerts.rules:
            if rule.kind != "alert" or (rule.hold is not None and rule.hold.value > 0) or rule.keep_firing is not None:
                continue
            severity = next((v.lower() for k, v in rule.labels if k in ("severity", "priority", "level")), "")
            if severity in _PAGES and not _LOOKS_BACK.search(rule.query.text):
                yield Finding(
                    f"The alert {rule.name} has no `for`: one bad sample pages ({severity})",
                    Place(alerts.path, rule.line),
                    fix="Add `for: 5m`.",
                )


def _alert(expression: str, rest: str = "", mark: str = "") -> dict[str, str]:
    labels = "        labels:\n          severity: page\n"
    return {
        "go.mod": "module example.com/orders\n\ngo 1.24\n",
        "alerts.yml": f"groups:\n  - name: a\n    rules:\n{mark}      - alert: A\n        expr: {expression}\n{rest}{labels}",
    }


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("alerts",),
    fails=(
        _alert("rate(orders_failures_total[5m]) > 1", mark="      # want below\n"),
        _alert("up == 0", "        for: 0s\n", "      # want below\n"),
    ),
    passes=(
        _alert("up == 0", "        for: 1m\n"),
        _alert("avg_over_time(up[5m]) < 0.5"),
        _alert("absent(up)"),
        _alert("increase(orders_failures_total[1h]) > 5"),
        {"alerts.yml": _alert("up == 0")["alerts.yml"].replace("page", "info"), "go.mod": "module example.com/orders\n\ngo 1.24\n"},
    ),
)
