"""The service runs out of ports: each call makes a transport of its own and leaves its connections behind.

An http.Transport keeps the connections that it may use again. One that is made for a single request is never used again, but its
idle connections stay open for ever (IdleConnTimeout is zero in a literal), each with two goroutines. Every call also pays for a new
TCP and TLS handshake. Under traffic that ends in "cannot assign requested address" or "too many open files".

Reported where one function makes the transport and sends the request through it, outside of main, and neither DisableKeepAlives nor
CloseIdleConnections is used.

Fix: make the client with its transport once and keep it in a field or package variable.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.databases import serving
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import serves_requests
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_SENT = tuple(f"net/http.Client.{m}" for m in ("Get", "Post", "Head", "PostForm", "Do"))


def check(facts: Repository) -> Iterator[Finding]:
    services = [s for s in facts.services if not s.tool and s.main is not None and serving(facts, s)]
    for file, made in facts.go.composites("net/http.Transport"):
        function = facts.go.declared_function_at(file, made.block)
        if function is None or file.generated or function.name in ("main", "init") or not any(s.has(file.directory) for s in services):
            continue
        view = body(facts.go, file)
        fields = dict(made.fields)
        if fields.get("DisableKeepAlives") == "true" or "IdleConnTimeout" in fields:
            continue
        calls = [facts.go.resolved(file, c) for c in view.calls(function.block)]
        if any(c.name.endswith(".CloseIdleConnections") for c in calls):
            continue
        if any(name.endswith((".DisableKeepAlives", ".IdleConnTimeout")) for a in view.assignments(function.block) for name in a.names):
            continue
        clients = {
            c.results[0]
            for c in view.composites(function.block)
            if c.type == "net/http.Client" and c.results and _holds(dict(c.fields).get("Transport", ""), made.results)
        }
        sent = next((c for c in calls if c.name in _SENT and c.receiver in clients), None)
        if sent is None or any(j.kind == "return" and j.text.split(",")[0].strip() in clients for j in view.jumps(function.block)):
            continue
        loop = view.loop_around(made.block)
        often = serves_requests(facts.go, file, made.block) or loop is not None
        if not often and "cmd" in file.directory.split("/"):
            continue  # a command that runs once
        yield Finding(
            f"each call of {function.name} makes a transport and leaves its open connections behind",
            file.at(made),
            (because(file.at(sent), "the request is sent through it here"),),
            "Make the client once and keep it; or call CloseIdleConnections when it is done.",
            severity=Severity.DEGRADED if often else None,
        )


def _holds(transport: str, names: tuple[str, ...]) -> bool:
    return transport.startswith(("&http.Transport{", "http.Transport{")) or (bool(names) and transport.lstrip("&") in names)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import "net/http"

func main() { http.HandleFunc("/", handle); http.ListenAndServe(":8080", nil) }

func handle(w http.ResponseWriter, r *http.Request) { reach() }

func reach() bool {
    client := &http.Client{
        Transport: &http.Transport{MaxIdleConns: 1}, // want
    }
    _, err := client.Get("http://pay")
    return err == nil
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:net/http",),
    fails=(
        {**_MOD, "main.go": _MAIN},
        {
            **_MOD,
            "main.go": _MAIN.replace("    client :=", "    t := &http.Transport{} // want\n    client :=").replace(
                "&http.Transport{MaxIdleConns: 1}, // want", "t,"
            ),
        },
    ),
    passes=(
        {**_MOD, "main.go": _MAIN.replace("MaxIdleConns: 1", "DisableKeepAlives: true")},
        {**_MOD, "main.go": _MAIN.replace("    _, err", "    defer client.CloseIdleConnections()\n    _, err")},
        {
            **_MOD,
            "main.go": _MAIN.replace("func reach() bool {", "var shared = reach()\n\nfunc reach() *http.Client {").replace(
                '    _, err := client.Get("http://pay")\n    return err == nil', "    return client"
            ),
        },
        {**_MOD, "main.go": _MAIN.replace('http.ListenAndServe(":8080", nil)', "println()")},
    ),
)
