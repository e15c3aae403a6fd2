"""One series for each user, order or URL: Prometheus' memory grows with the traffic until it is killed, and the service's grows with it.

Every value of a label is a series of its own, kept in the program for its lifetime and in Prometheus for the retention time. A label whose
values come from outside without bound (an id, an address, a URL's path as it was asked, an error's text) multiplies them without end.

Found are labels named like an identifier or an address, and values that are taken from a request or from an error right where the metric is
counted. Errs on the side of silence when a value goes through a variable or a function.

Fix: drop the label, or use the route's pattern, a class or a status in its place; ids belong into logs and traces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import metrics
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_NAMES = re.compile(
    r"(?:user|customer|account|order|session|request|req|trace|span|transaction|tx|message|msg|correlation|visitor|client_request|payment"
    r"|cart|device|email)_?(?:id|uuid)\Z|(?:uuid|guid|email|e_mail|email_address|ip|ip_address|remote_ip|client_ip|remote_addr|url|uri"
    r"|full_url|raw_path|raw_url|request_uri|query|sql|user_agent|session|token|jwt|error_message|err_msg|stack|stacktrace)\Z"
)
_REQUEST = r"\b(?:r|req|request|c\.Request|ctx\.Request|c\.Request\(\))"
_VALUES = (
    (re.compile(_REQUEST + r"\.URL\.(?:Path|String\(\)|RawQuery|RequestURI\(\))"), "the URL as it was asked"),
    (re.compile(_REQUEST + r"\.(?:RequestURI|RemoteAddr|UserAgent\(\))"), "what the client sent"),
    (re.compile(r"\berr(?:or)?\.Error\(\)\Z"), "the text of an error"),
    (re.compile(r"\b(?:uuid\.New(?:String)?\(\)|c\.ClientIP\(\)|c\.RealIP\(\))"), "a value of its own for each request"),
)
_FIX = "Use the route's pattern, a class or a status instead; ids belong into logs and traces."


def check(facts: Repository) -> Iterator[Finding]:
    for metric in metrics.of(facts.go).all:
        for label in metric.labels:
            if _NAMES.match(label) and facts.ships(metric.at.path) and metric.whole:
                yield Finding(f"The label {label} of {metric.name} gives a series for each of its values", metric.at, fix=_FIX)
    for file, call in facts.go.calls(".WithLabelValues"):
        for arg in call.args if facts.ships(file.path) else ():
            what = next((w for pattern, w in _VALUES if pattern.search(arg)), "")
            if what:
                yield Finding(f"A label's value is {what} ({arg}): a series for each of them", file.at(call), fix=_FIX)


_IMPORT = 'package main\n\nimport (\n\t"net/http"\n\n\t"github.com/prometheus/client_golang/prometheus"\n)\n\n'
_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}


def _main(label: str, value: str, mark: str = "", used: str = "") -> dict[str, str]:
    made = f'var made = prometheus.NewCounterVec(prometheus.CounterOpts{{Name: "made_total"}}, []string{{"{label}"}}){mark}\n\n'
    counted = (
        f"func handle(w http.ResponseWriter, r *http.Request) {{\n\tmade.WithLabelValues({value}).Inc(){used}\n}}\n\nfunc main() {{}}\n"
    )
    return {**_MODULE, "main.go": _IMPORT + made + counted}


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:github.com/prometheus/client_golang",),
    fails=(
        _main("customer_id", "id(r)", " // want"),
        _main("path", "r.URL.Path", used=" // want"),
        _main("cause", "err.Error()", used=" // want"),
    ),
    passes=(_main("status", '"ok"'), _main("path", "r.Pattern"), _main("queue_id", "queue"), _main("method", "r.Method")),
)
