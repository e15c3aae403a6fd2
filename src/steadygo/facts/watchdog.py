"""Where a service feeds systemd's watchdog, and how often as far as that can be read."""

from __future__ import annotations

from dataclasses import dataclass

from steadygo.facts.go import GoFile
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Place

_WORDS = ("SdNotifyWatchdog", "WATCHDOG=1", "NotifyWatchdog", "WatchdogTick")
_ENABLED = ("SdWatchdogEnabled", "WATCHDOG_USEC", "WatchdogEnabled")
LIBRARIES = (
    "github.com/coreos/go-systemd",
    "github.com/okzk/sdnotify",
    "github.com/iguanesolutions/go-systemd",
    "github.com/mdlayher/sdnotify",
)


@dataclass(frozen=True)
class Feeding:
    """One place that sends WATCHDOG=1. `seconds`: the constant period of the ticker or sleep around it, None when it is not constant."""

    at: Place
    seconds: float | None


def feedings(facts: Repository, service: Service) -> list[Feeding]:
    """Every place in the service's own packages that sends WATCHDOG=1."""
    found = []
    for file in _files(facts, service):
        feeds = [c for c in file.calls if any(word in text for text in (c.name, *c.args) for word in _WORDS)]
        found += [Feeding(file.at(c), _period(facts, file, c.block)) for c in feeds]
    return found


def follows_systemd(facts: Repository, service: Service) -> bool:
    """Whether the service takes its period from WATCHDOG_USEC."""
    return any(any(w in text for w in _ENABLED) for f in _files(facts, service) for c in f.calls for text in (c.name, *c.args))


def knows_notify(facts: Repository, service: Service) -> bool:
    """Whether the service's own packages use a library for sd_notify, or its socket."""
    for file in _files(facts, service):
        if any(i.path.startswith(LIBRARIES) for i in file.imports):
            return True
        if any("NOTIFY_SOCKET" in argument for call in file.calls for argument in call.args):
            return True
    return False


def _files(facts: Repository, service: Service) -> list[GoFile]:
    return [f for d in sorted(service.packages) if (p := facts.go.packages.get(d)) for f in p.files]


def _period(facts: Repository, file: GoFile, block: int) -> float | None:
    function = facts.go.declared_function_at(file, block)
    if function is None:
        return None
    for call in file.calls:
        if call.name in ("time.NewTicker", "time.Tick", "time.Sleep", "time.After") and call.args:
            inside = function.line <= call.line <= function.end_line
            seconds = facts.go.seconds(file, call.args[0], call.block) if inside else None
            if seconds is not None:
                return seconds
    return None
