"""Settings stop following etcd while the watch looks healthy: the member it is connected to has lost its cluster.

A member that is cut off from the majority keeps its streams open and serves no new events. Without clientv3.WithRequireLeader the
watch stays silently behind; with it the server cancels the watch as soon as it has no leader, and the client can go to another member.

Errs on the side of silence: one WithRequireLeader anywhere in the package is taken to cover all its watches. etcd itself is left out.

Fix: watch with client.Watch(clientv3.WithRequireLeader(ctx), key) and open the watch again when it is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_CLIENTS = ("go.etcd.io/etcd/client/v3.", "go.etcd.io/etcd/clientv3.", "github.com/coreos/etcd/clientv3.")


def check(facts: Repository) -> Iterator[Finding]:
    covered = {file.directory for file, _ in facts.go.calls(*(f"{c}WithRequireLeader" for c in _CLIENTS))}
    for file, call in facts.go.calls(*(f"{c}{kind}.Watch" for c in _CLIENTS for kind in ("Client", "Watcher"))):
        if facts.go.packages[file.directory].path.startswith("go.etcd.io/etcd/"):
            continue
        if file.directory not in covered and facts.ships(file.path) and not any("RequireLeader" in a for a in call.args):
            yield Finding(
                "the watch stays open on an etcd member that has lost its leader, and no change arrives",
                file.at(call),
                fix="Watch with clientv3.WithRequireLeader(ctx) and open the watch again when it is cancelled.",
            )


_HEAD = 'package main\n\nimport (\n\t"context"\n\n\tclientv3 "go.etcd.io/etcd/client/v3"\n)\n\n'
_FOLLOW = "func follow(ctx context.Context, client *clientv3.Client) {\n\tfor {\n\t\tfor range client.Watch(%s) {%s\n\t\t}\n\t}\n}\n"
_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_RUN = "func main() { follow(context.Background(), nil) }\n\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:go.etcd.io/etcd",),
    fails={**_MOD, "main.go": _HEAD + _RUN + _FOLLOW % ('ctx, "/orders"', " // want")},
    passes=(
        {**_MOD, "main.go": _HEAD + _RUN + _FOLLOW % ('clientv3.WithRequireLeader(ctx), "/orders"', "")},
        {
            **_MOD,
            "main.go": _HEAD
            + "func main() { follow(clientv3.WithRequireLeader(context.Background()), nil) }\n\n"
            + _FOLLOW % ('ctx, "/o"', ""),
        },
        {**_MOD, "main.go": "package main\n\nfunc main() {}\n", "main_test.go": _HEAD + _FOLLOW % ('ctx, "/orders"', "")},
    ),
)
