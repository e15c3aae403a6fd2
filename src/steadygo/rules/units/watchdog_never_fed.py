"""systemd kills a healthy service every WatchdogSec=: nothing in the program sends WATCHDOG=1.

The unit asks for a sign of life, the code never gives one. The service is killed with SIGABRT after each interval and
restarted, or stays down. A feeder inside a dependency is not seen: where the program uses a library for sd_notify, the finding
is marked as likely only.

Fix: send WATCHDOG=1 at a third of WATCHDOG_USEC, only while the service is healthy (go-systemd: daemon.SdWatchdogEnabled and
daemon.SdNotify).
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.go import GoFile
from steadygo.facts.repository import Repository
from steadygo.facts.units import seconds
from steadygo.facts.watchdog import feedings, knows_notify
from steadygo.findings import Because, Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        watchdog = daemon.unit.find("Service", "WatchdogSec")
        service = daemon.service
        if watchdog is None or not seconds(watchdog.value) or service is None or service.main is None or feedings(facts, service):
            continue
        main = next((f for p in [facts.go.packages[service.main]] for f in p.files), None)
        proof = (Because(main.path, _line_of_main(main), f"nothing that {service.name} is built from sends WATCHDOG=1"),) if main else ()
        yield Finding(
            f"{daemon.unit.name} wants a sign of life every {seconds(watchdog.value):g} s, but "
            f"{service.name} never sends WATCHDOG=1: systemd kills it",
            daemon.at(watchdog),
            proof,
            "Send WATCHDOG=1 at a third of WATCHDOG_USEC while the service is healthy, or remove WatchdogSec=.",
            service.name,
            confidence=Confidence.LIKELY if knows_notify(facts, service) else None,
        )


def _line_of_main(file: GoFile) -> int:
    return next((f.line for f in file.functions if f.name == "main"), 1)


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = {"cmd/orders/main.go": "package main\n\nfunc main() {}\n"}

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit", "go"),
    fails=(
        {
            **_MODULE,
            **_MAIN,
            "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\nRestart=always\n# want below\nWatchdogSec=20\n",
        },
        {
            **_MODULE,
            "cmd/orders/main.go": 'package main\n\nimport "github.com/coreos/go-systemd/v22/daemon"\n\n'
            "func main() {\n\tdaemon.SdNotify(false, daemon.SdNotifyReady)\n}\n",
            "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\nRestart=always\n# want below\nWatchdogSec=20\n",
        },
    ),
    passes=(
        {
            **_MODULE,
            "cmd/orders/main.go": 'package main\n\nimport "example.com/orders/internal/life"\n\nfunc main() { life.Feed() }\n',
            "internal/life/life.go": 'package life\n\nimport "github.com/coreos/go-systemd/v22/daemon"\n\n'
            "func Feed() { daemon.SdNotify(false, daemon.SdNotifyWatchdog) }\n",
            "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\nWatchdogSec=20\n",
        },
        {
            **_MODULE,
            **_MAIN,
            "orders.service": "[Service]\nExecStart=/usr/bin/orders\n",
        },
        {
            **_MODULE,
            **_MAIN,
            "other.service": "[Service]\nType=notify\nExecStart=/usr/bin/other\nWatchdogSec=20\n",
        },
    ),
)
