"""Work that a request started is lost at every deployment: shutdown waits for requests, not for the goroutines they leave behind.

server.Shutdown returns when the last handler has. A goroutine that a handler starts and does not wait for goes on, and is cut off when the
process ends: the e-mail is not sent, the order not confirmed, and no error says so.

Left out are goroutines that the handler waits for, that a WaitGroup, errgroup or channel counts, copies between two connections, and
servers of streams and websockets.

Fix: count it with a WaitGroup that shutdown waits for, or hand the work to a queue that keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.gobody import body
from steadygo.facts.goroutines import Goroutine, goroutines
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import handler_at, is_handler
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_TRACKED = re.compile(r"(?:^|\.)(?:Add|Done|Wait|Go|Acquire|Release|Submit)\Z")
_STREAMS = re.compile(r"(?:^|\.)(?:Hijack|Upgrade|Copy|CopyBuffer|CopyN|Accept|ServeHTTP|Shutdown|Exit|Flush|CloseNotify|Pipe)\Z")
_SMALL = re.compile(r"(?i)log|metric|count|close|cancel|notify|inc\Z|observe|kill|signal|reload|restart|stop")


def check(facts: Repository) -> Iterator[Finding]:
    for goroutine in goroutines(facts):
        file, call = goroutine.file, goroutine.call
        if goroutine.group or facts.go.function_at(file, call.block) is None:
            continue
        handler = handler_at(facts.go, file, call.block)
        if handler is None or not is_handler(handler) or _waited_for(facts, goroutine, handler.block):
            continue
        name = goroutine.function.name
        if name and _SMALL.search(name):
            continue
        yield Finding(
            f"shutdown does not wait for {name or 'this goroutine'}: the handler has returned and nothing counts it",
            file.at(call),
            fix="Count it with a WaitGroup that the shutdown waits for.",
        )


def _waited_for(facts: Repository, goroutine: Goroutine, handler: int) -> bool:
    view = body(facts.go, goroutine.file)
    inner = body(facts.go, goroutine.code_file)
    calls = view.calls(handler) + inner.calls(goroutine.function.block)
    if any(_TRACKED.search(c.name) or _STREAMS.search(c.name) for c in calls):
        return True
    if view.channels(handler) or inner.channels(goroutine.function.block):
        return True  # somebody speaks with somebody
    work = [c for c in inner.calls(goroutine.function.block) if not _SMALL.search(c.name)]
    return not work


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import "net/http"

func main() { http.HandleFunc("/", create); http.ListenAndServe(":8080", nil) }

func create(w http.ResponseWriter, r *http.Request) {
    go confirm(r.URL.Path) // want
    w.WriteHeader(201)
}

func confirm(order string) { send(order) }
func send(order string) {}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("io"; "net/http"; "sync")

var wg sync.WaitGroup

func main() { http.HandleFunc("/", create); http.HandleFunc("/p", proxy); http.ListenAndServe(":8080", nil); wg.Wait() }

func create(w http.ResponseWriter, r *http.Request) {
    wg.Add(1)
    go func() { defer wg.Done(); confirm(r.URL.Path) }()
}

func asked(w http.ResponseWriter, r *http.Request) {
    answer := make(chan bool, 1)
    go func() { confirm("x"); answer <- true }()
    <-answer
}

func proxy(w http.ResponseWriter, r *http.Request) {
    go io.Copy(w, r.Body)
    go logRequest(r)
}

func logRequest(r *http.Request) { confirm("") }
func confirm(order string) { println(order) }
""",
    },
)
