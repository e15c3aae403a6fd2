"""systemd kills a healthy service under load: the program feeds the watchdog more slowly than the unit asks, or with no room for delay.

The period in the code is a constant. When it is as long as WatchdogSec= the service dies at once; when it is more than half of
it, one late tick (a long collection, a busy host) is enough. A program that takes its period from WATCHDOG_USEC is fine.

Fix: take the period from daemon.SdWatchdogEnabled and feed at a third of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.facts.units import seconds
from steadygo.facts.watchdog import feedings, follows_systemd
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        watchdog = daemon.unit.find("Service", "WatchdogSec")
        limit = seconds(watchdog.value) if watchdog else None
        if watchdog is None or not limit or daemon.service is None or follows_systemd(facts, daemon.service):
            continue
        for feeding in feedings(facts, daemon.service):
            if feeding.seconds is None or feeding.seconds * 2 <= limit:
                continue
            late = feeding.seconds >= limit
            yield Finding(
                f"{daemon.unit.name} wants a sign of life every {limit:g} s, the program gives one every {feeding.seconds:g} s",
                daemon.at(watchdog),
                (because(feeding.at, f"the watchdog is fed every {feeding.seconds:g} s"),),
                f"Feed at a third of WATCHDOG_USEC, or write WatchdogSec={feeding.seconds * 3:g}.",
                daemon.name,
                severity=Severity.OUTAGE if late else Severity.HAZARD,
            )


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("unit", "go"),
    fails={
        **_MODULE,
        "cmd/orders/main.go": 'package main\n\nimport (\n\t"time"\n\n\t"github.com/coreos/go-systemd/v22/daemon"\n)\n\n'
        "func main() {\n\tfor range time.Tick(30 * time.Second) {\n\t\tdaemon.SdNotify(false, daemon.SdNotifyWatchdog)\n\t}\n}\n",
        "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\n# want below\nWatchdogSec=20\n",
    },
    passes=(
        {
            **_MODULE,
            "cmd/orders/main.go": 'package main\n\nimport (\n\t"time"\n\n\t"github.com/coreos/go-systemd/v22/daemon"\n)\n\n'
            "func main() {\n\tfor range time.Tick(10 * time.Second) {\n\t\tdaemon.SdNotify(false, daemon.SdNotifyWatchdog)\n\t}\n}\n",
            "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\nWatchdogSec=30\n",
        },
        {
            **_MODULE,
            "cmd/orders/main.go": 'package main\n\nimport (\n\t"time"\n\n\t"github.com/coreos/go-systemd/v22/daemon"\n)\n\nfunc main() {\n'
            "\tevery, _ := daemon.SdWatchdogEnabled(false)\n\tfor range time.Tick(every / 2) {\n"
            "\t\tdaemon.SdNotify(false, daemon.SdNotifyWatchdog)\n\t}\n}\n",
            "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\nWatchdogSec=1s\n",
        },
    ),
)
