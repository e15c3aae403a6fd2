"""Two holders of one lease: whether it has run out is decided by each machine's own clock.

The lease's end is written by one machine and compared with time.Now() on another. When their clocks differ by more than the slack, or one
of them is stepped, the second takes the lease while the first still works: double sends, double charges, overwritten files.
Inside one process Go's monotonic clock protects; a time that went through a database or an API has only the wall clock left.

Looked at are functions about leases, locks or leaders (by their name, type, file or table) that both reach shared storage and compare
with, or write, the local time. User accounts that are locked for a time are left out.

Fix: let the store's clock decide (now() in the statement, a TTL in etcd or Redis), and refuse writes of an earlier holder by a token.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.go import Call
from steadygo.facts.leases import LeaseCode, lease_code
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for code in lease_code(facts):
        clock = _judged(code) or next(((c, "writes") for c in code.stored_clocks), None)
        if clock is None or not facts.ships(code.file.path):
            continue
        call, how = clock
        store = code.stores[0]
        yield Finding(
            f"{code.function.name} {how} the end of a lease by the local clock: machines whose clocks differ hold it at the same time",
            code.file.at(call),
            (because(code.file.at(store), "the lease is kept here, where other machines see it"),) if store.line != call.line else (),
            "Let the store decide: now() in the statement, or a TTL in etcd or Redis.",
        )


def _judged(code: LeaseCode) -> tuple[Call, str] | None:
    return (code.judged_clocks[0], "decides") if code.judged_clocks else None


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_HEAD = (
    'package main\n\nimport (\n\t"context"\n\t"database/sql"\n\t"time"\n)\n\n'
    "func main() { _, _ = AcquireLease(context.Background(), nil) }\n\n"
)
_ACQUIRE = "func AcquireLease(ctx context.Context, db *sql.DB) (bool, error) {\n"

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails=(
        {
            **_MOD,
            "main.go": _HEAD + _ACQUIRE + "\tvar until time.Time\n"
            '\terr := db.QueryRowContext(ctx, "SELECT expires_at FROM leases").Scan(&until)\n'
            "\tif err != nil || time.Now().Before(until) { // want\n\t\treturn false, err\n\t}\n\treturn true, nil\n}\n",
        },
        {
            **_MOD,
            "main.go": _HEAD + _ACQUIRE + "\tend := time.Now().Add(time.Minute)\n"
            '\t_, err := db.ExecContext(ctx, "UPDATE leases SET expires_at = $1", end, time.Now()) // want\n\treturn err == nil, err\n}\n',
        },
    ),
    passes=(
        {
            **_MOD,
            "main.go": _HEAD + _ACQUIRE + "\t_, err := db.ExecContext(ctx, \"UPDATE leases SET expires_at = now() + interval '15 s' \"+\n"
            '\t\t"WHERE expires_at < now()")\n\treturn err == nil, err\n}\n',
        },
        {
            **_MOD,
            "main.go": _HEAD.replace("AcquireLease", "Sessions")
            + _ACQUIRE.replace("AcquireLease", "Sessions")
            + '\t_, err := db.ExecContext(ctx, "DELETE FROM sessions WHERE expires_at < $1", time.Now())\n\treturn err == nil, err\n}\n',
        },
        {
            **_MOD,
            "main.go": 'package main\n\nimport "time"\n\ntype lease struct{ until time.Time }\n\n'
            "func (l *lease) expired() bool { return time.Now().After(l.until) }\n\nfunc main() { (&lease{}).expired() }\n",
        },
        {
            **_MOD,
            "main.go": _HEAD + _ACQUIRE + '\tstart := time.Now()\n\t_, err := db.ExecContext(ctx, "UPDATE leases SET expires_at = now()")\n'
            "\tprintln(time.Since(start))\n\treturn err == nil, err\n}\n",
        },
    ),
)
