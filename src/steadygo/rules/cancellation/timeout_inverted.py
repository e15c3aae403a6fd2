"""The longer time limit never counts: it stands inside a shorter one.

A context with 30 s made from one with 10 s ends after 10 s. A handler that may take 60 s under a server whose WriteTimeout is 30 s is cut
off without an answer: the client sees a closed connection instead of the 503 that http.TimeoutHandler would have sent. Whoever reads the
longer number believes in time that is not there.

Compared are constants only: contexts nested in one function, and http.TimeoutHandler against the WriteTimeout of the only server of the
program.

Fix: let inner limits be shorter than outer ones: handler < server < proxy.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import servers
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    yield from _nested(facts)
    yield from _handlers(facts)


def _nested(facts: Repository) -> Iterator[Finding]:
    made = [(f, c) for f, c in facts.go.calls("context.WithTimeout") if len(c.args) == 2 and c.results and not f.generated]
    for file, outer in made:
        function = facts.go.function_at(file, outer.block)
        limit = facts.go.seconds(file, outer.args[1], outer.block)
        if limit is None or function is None or not facts.ships(file.path):
            continue
        for other, inner in made:
            if other is not file or (inner.line, inner.column) <= (outer.line, outer.column) or inner.args[0] != outer.results[0]:
                continue
            between = [
                a
                for a in file.assignments
                if outer.results[0] in a.names and (outer.line, outer.column) < (a.line, a.column) < (inner.line, inner.column)
            ]
            inside = facts.go.function_at(file, inner.block) is function and facts.go.inside(file, inner.block, outer.block)
            inner_limit = facts.go.seconds(file, inner.args[1], inner.block)
            if inside and len([a for a in between if a.line > outer.line]) == 0 and inner_limit is not None and inner_limit > limit:
                yield Finding(
                    f"this context cannot last {inner_limit:g} s: the one that it is made from ends after {limit:g} s",
                    file.at(inner),
                    (because(file.at(outer), f"{limit:g} s here"),),
                    f"Give it less than {limit:g} s, or the outer one more.",
                )


def _handlers(facts: Repository) -> Iterator[Finding]:
    seen: set[Place] = set()
    calls = [(f, c) for f, c in facts.go.calls("net/http.TimeoutHandler") if len(c.args) == 3]
    for service in facts.services if calls else ():
        if service.main is None or service.tool:
            continue
        all_servers = [s for s in servers.of(facts.go).of(service) if s.kind == "http"]
        if len(all_servers) != 1 or "WriteTimeout" not in dict(all_servers[0].fields):
            continue
        server = all_servers[0]
        write = facts.go.seconds(server.file, dict(server.fields)["WriteTimeout"], server.block)
        for file, call in calls:
            limit = facts.go.seconds(file, call.args[1], call.block)
            at = file.at(call)
            if not service.has(file.directory) or not write or limit is None or limit < write or at in seen:
                continue
            seen.add(at)
            yield Finding(
                f"the handler may take {limit:g} s, but the server cuts the answer off after {write:g} s",
                at,
                (because(server.at, f"WriteTimeout is {write:g} s"),),
                f"Give the handler less than {write:g} s, or the server more.",
                service.name,
            )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("context"; "net/http"; "time")

func main() {
    h := http.TimeoutHandler(http.NotFoundHandler(), 60*time.Second, "slow") // want
    s := &http.Server{Addr: ":8080", Handler: h, WriteTimeout: 30 * time.Second}
    s.ListenAndServe()
    work(context.Background())
}

func work(ctx context.Context) {
    outer, cancel := context.WithTimeout(ctx, 10*time.Second)
    defer cancel()
    inner, stop := context.WithTimeout(outer, 30*time.Second) // want
    defer stop()
    println(inner)
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {**_MOD, "main.go": _MAIN.replace("60*time", "20*time").replace("WithTimeout(outer, 30", "WithTimeout(outer, 3")},
        {**_MOD, "main.go": _MAIN.replace("60*time", "20*time").replace("WithTimeout(outer, 30", "WithTimeout(ctx, 30")},
        {**_MOD, "main.go": _MAIN.replace("60*time", "limit*time").replace("10*time", "limit*time")},
    ),
)
