"""A constructed result: one service with faults on its links, one without, one finding of the whole repository."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec
import pytest

from steadygo.findings import Because, Confidence, Finding, NotKnown, Place, Severity, Verdict
from steadygo.scan.result import (
    CHAPTERS,
    REPOSITORY,
    Counts,
    Link,
    Node,
    ScannedService,
    ScanResult,
    Source,
    Stale,
    Suppressed,
    worst_first,
)

FILES = {
    "cmd/orders/main.go": {
        31: '\tdb, err := sql.Open("pgx", os.Getenv("ORDERS_DSN"))',
        42: "\tctx, cancel := context.WithTimeout(context.Background(), 35*time.Second)",
        57: '\thttp.HandleFunc("/healthz", s.health)',
        63: '\tlog.Printf("order %s", id)',
    },
    "cmd/orders/metrics.go": {12: '\tName: "orders_processed_total",'},
    "deploy/orders.yaml": {
        17: "      terminationGracePeriodSeconds: 30",
        28: "              memory: 512Mi",
        33: "          readinessProbe: {httpGet: {path: /ready, port: 8080}}",
        40: '            - {name: ORDER_DSN, value: "postgres://orders:hunter22@db/orders"}',
    },
    "deploy/alerts.yaml": {9: "        expr: rate(orders_done_total[5m]) == 0"},
    "Dockerfile": {1: "FROM golang:1.24 AS build", 9: "CMD /orders"},
    "go.mod": {3: "go 1.26.1"},
    ".github/workflows/ci.yaml": {21: "      - run: go run ./cmd/orders -migrate"},
}


def finding(
    rule: str,
    chapter: str,
    severity: Severity,
    message: str,
    at: tuple[str, int],
    *because: tuple[str, int, str],
    fix: str = "",
    service: str = "orders",
    confidence: Confidence = Confidence.CERTAIN,
) -> Finding:
    return Finding(
        message=message,
        at=Place(*at),
        because=tuple(Because(*b) for b in because),
        fix=fix,
        service=service,
        rule=rule,
        chapter=chapter,
        severity=severity,
        confidence=confidence,
    )


FINDINGS = (
    finding(
        "drain-outlives-grace",
        "shutdown",
        Severity.OUTAGE,
        "Draining takes up to 35 s, but Kubernetes kills the process after 30 s: requests in flight are lost at every deployment.",
        ("cmd/orders/main.go", 42),
        ("deploy/orders.yaml", 17, "the container is killed 30 s after SIGTERM"),
        fix="Raise terminationGracePeriodSeconds above 35, or drain for at most 25 s.",
    ),
    finding(
        "signal-never-arrives",
        "shutdown",
        Severity.OUTAGE,
        "The shell is process 1 and does not pass SIGTERM on, so the service is killed without draining.",
        ("Dockerfile", 9),
        ("cmd/orders/main.go", 42, "this drain never starts"),
        fix='Write CMD ["/orders"].',
    ),
    finding(
        "probe-path-unserved",
        "health",
        Severity.OUTAGE,
        "The readiness probe asks for /ready, which nothing serves: no pod ever gets traffic.",
        ("deploy/orders.yaml", 33),
        ("cmd/orders/main.go", 57, "the nearest route is /healthz"),
        fix="Probe /healthz, or serve /ready.",
    ),
    finding(
        "memory-limit-unknown-to-go",
        "memory",
        Severity.DEGRADED,
        "The container may use 512 MiB and Go does not know it: a burst ends in an OOM kill instead of a collection.",
        ("deploy/orders.yaml", 28),
        fix="Set GOMEMLIMIT to 460MiB.",
        confidence=Confidence.LIKELY,
    ),
    finding(
        "alert-on-unknown-metric",
        "metrics",
        Severity.DEGRADED,
        "The alert OrdersStuck reads orders_done_total, which no code registers: it can never fire.",
        ("deploy/alerts.yaml", 9),
        ("cmd/orders/metrics.go", 12, "the nearest metric is orders_processed_total"),
        fix="Read orders_processed_total.",
    ),
    finding(
        "variable-read-never-set",
        "reload",
        Severity.DEGRADED,
        "ORDERS_DSN is read, but nothing sets it; ORDER_DSN is set.",
        ("cmd/orders/main.go", 31),
        ("deploy/orders.yaml", 40, "sets ORDER_DSN"),
        fix="Rename it to ORDERS_DSN.",
    ),
    finding(
        "sql-pool-unbounded",
        "pools",
        Severity.HAZARD,
        "The pool of connections has no limit.",
        ("cmd/orders/main.go", 31),
        fix="Call SetMaxOpenConns.",
    ),
    *(
        finding("print-logging", "logs", Severity.NOTE, f"log.Printf writes no level and no fields ({n}).", ("cmd/orders/main.go", n))
        for n in (63, 64, 65, 66, 67)
    ),
    finding(
        "go-version-drift",
        "build",
        Severity.DEGRADED,
        "The image builds with Go 1.24, the module asks for 1.26.1: the build downloads another toolchain or fails.",
        ("Dockerfile", 1),
        ("go.mod", 3, "asks for 1.26.1"),
        fix="FROM golang:1.26.1.",
    ),
    finding(
        "go-run-in-delivery",
        "pipeline",
        Severity.HAZARD,
        "go run compiles anew and hides the exit code.",
        (".github/workflows/ci.yaml", 21),
        service="",
        fix="Build once, run the binary.",
    ),
)

ORDERS = ScannedService(
    name="orders",
    main="cmd/orders",
    chain=(
        Node("code", "cmd/orders", Place("cmd/orders/main.go", 14), ("go.mod", "cmd/orders/metrics.go")),
        Node("build", "go build", Place("Dockerfile", 5)),
        Node("build", "ci", Place(".github/workflows/ci.yaml", 18)),
        Node("image", "orders", Place("Dockerfile", 7)),
        Node("workload", "Deployment orders", Place("deploy/orders.yaml", 4)),
        Node("probe", "readiness /ready", Place("deploy/orders.yaml", 33)),
        Node("alert", "OrdersStuck", Place("deploy/alerts.yaml", 8)),
    ),
    joins=(
        Link("build", Place("cmd/orders/main.go", 14), Place("Dockerfile", 5), "go build ./cmd/orders"),
        Link("image", Place("Dockerfile", 5), Place("Dockerfile", 7), "COPY --from=build /orders"),
        Link("workload", Place("Dockerfile", 7), Place("deploy/orders.yaml", 4), "image example.com/orders"),
        Link("probe", Place("deploy/orders.yaml", 4), Place("deploy/orders.yaml", 33), "its own readinessProbe"),
    ),
)
BILLING = ScannedService(
    name="billing",
    main="cmd/billing",
    chain=(
        Node("code", "cmd/billing", Place("cmd/billing/main.go", 9)),
        Node("build", "go build", Place("Dockerfile.billing", 4)),
        Node("image", "billing", Place("Dockerfile.billing", 6)),
        Node("unit", "billing.service", Place("deploy/billing.service", 1)),
    ),
    joins=(Link("build", Place("cmd/billing/main.go", 9), Place("Dockerfile.billing", 4), "go build ./cmd/billing"),),
)


def verdicts(findings: tuple[Finding, ...], service: str) -> dict[str, Verdict]:
    failed = {f.chapter for f in findings if f.service == service}
    if not service:
        return {c: Verdict.FAIL if c in failed else Verdict.NOT_APPLICABLE for c in CHAPTERS}
    rest = {"clocks": Verdict.NOT_KNOWN, "units": Verdict.NOT_APPLICABLE}
    return {c: Verdict.FAIL if c in failed else rest.get(c, Verdict.PASS) for c in CHAPTERS}


def result_of(services: tuple[ScannedService, ...], findings: tuple[Finding, ...]) -> ScanResult:
    return ScanResult(
        name="shop",
        version="0.1.0",
        services=services,
        findings=tuple(sorted(findings, key=worst_first)),
        readiness={s.name: verdicts(findings, s.name) for s in services} | {REPOSITORY: verdicts(findings, "")},
        not_known=(NotKnown("broken YAML: a mapping is not closed", Place("deploy/chart.yaml", 7), chapter="clocks", service="orders"),),
        stale=(Stale(Place("steadygo.baseline.json", 12), "job-without-timeout", "the entry meets no finding any more"),),
        suppressed=(
            Suppressed(
                finding(
                    "runs-as-root", "units", Severity.HAZARD, "The unit runs as root.", ("deploy/billing.service", 6), service="billing"
                ),
                "binds port 53 until 2027-03-01",
                "comment",
            ),
        ),
        counts=Counts(214, 36112, 0.83),
    )


@pytest.fixture
def result() -> ScanResult:
    return result_of((ORDERS, BILLING), FINDINGS)


@pytest.fixture
def source() -> Source:
    return lambda path, line: FILES.get(path, {}).get(line)


@pytest.fixture
def many() -> ScanResult:
    """Thirty services: every third one fails, each in its own way."""
    services = tuple(msgspec.structs.replace(ORDERS if n % 3 == 0 else BILLING, name=f"service-number-{n:02}") for n in range(30))
    findings = tuple(
        msgspec.structs.replace(FINDINGS[(n + k) % 7], service=s.name)
        for n, s in enumerate(services)
        if n % 3 == 0
        for k in range(n % 4 + 1)
    )
    return result_of(services, findings)


@pytest.fixture
def crowded() -> ScanResult:
    """One service with forty findings, most of them on its links."""
    found = tuple(
        msgspec.structs.replace(
            FINDINGS[n % len(FINDINGS)], service="orders", message=f"Fault number {n}: " + FINDINGS[n % len(FINDINGS)].message
        )
        for n in range(40)
    )
    return result_of((ORDERS,), found)


@pytest.fixture
def empty() -> ScanResult:
    return ScanResult(name="shop", version="0.1.0")


EVIL = (
    "\x1b]0;own\x07 ]]> </script><script>alert(1)</script> \u202egnp.exe\u2066 \udc80 \x00"
    " %0A::error:: \r\n::warning::x & ' \" \x9b31m \ufffe --> \x7f"
)


@pytest.fixture
def hostile() -> tuple[ScanResult, Source]:
    """Everything that a repository can choose holds what terminals, browsers and parsers act on."""
    place = Place(f"a/{EVIL}.go", 3, 2)
    found = Finding(EVIL, place, (Because(f"b/{EVIL}", 4, EVIL),), EVIL, EVIL, "evil-rule", "shutdown", Severity.OUTAGE, Confidence.GUESS)
    node = Node("code", EVIL, place, (EVIL,))
    other = Node("workload", EVIL, Place(f"b/{EVIL}", 1))
    service = ScannedService(EVIL, EVIL, (node, other), (Link("image", place, other.at, EVIL),))
    made = ScanResult(
        name=EVIL,
        version="0.1.0",
        services=(service,),
        findings=(found,),
        readiness={EVIL: {"shutdown": Verdict.FAIL}},
        not_known=(NotKnown(EVIL, place, EVIL, "", "clocks"),),
        stale=(Stale(place, "evil-rule", EVIL),),
        suppressed=(Suppressed(found, EVIL, "comment"),),
    )
    return made, lambda path, line: f"\t{EVIL}"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare with tests/report/golden/NAME; WRITE_GOLDEN=1 writes it."""
    folder = request.path.parent / "golden"

    def compare(name: str, text: str) -> None:
        if os.environ.get("WRITE_GOLDEN"):
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        assert text == (folder / name).read_text(encoding="utf-8")

    return compare
