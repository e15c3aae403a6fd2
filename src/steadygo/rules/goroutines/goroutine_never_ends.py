"""Goroutines pile up until memory is gone: each one runs an endless loop that nothing can leave.

A `for {` without return, break, context or closed channel ends only with the process. Started once from main that is a
habit to reconsider at most (a note): it dies in the middle of its work at shutdown and tests cannot stop it. Started for each request or
message it is a leak that grows with the traffic: goroutine count and memory climb in a straight line. The same holds for a range over
a ticker's channel, which no Stop closes.

Errs on the side of silence: a loop that calls something that may exit or panic is taken for one that ends.

Fix: let the loop end: `case <-ctx.Done(): return`, and give the goroutine the context of what it works for.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.go import GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.goroutines import goroutines, started_often
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[Place] = set()
    for goroutine in goroutines(facts):
        file = goroutine.code_file
        view = body(facts.go, file)
        for loop in view.blocks(goroutine.function.block, "for", "range", own=True):
            at = file.at(file.blocks[loop])
            if at in seen or not _endless(facts, file, view, loop) or view.leaves(loop):
                continue
            seen.add(at)
            often = started_often(facts, goroutine)
            start = goroutine.file.at(goroutine.call)
            message = f"this goroutine is started {often} and its loop never ends" if often else "this loop ends only with the process"
            yield Finding(
                message,
                at,
                (because(start, "it is started here"),),
                "End the loop when its context is done: select on ctx.Done() and return.",
                severity=None if often else Severity.NOTE,
            )


def _endless(facts: Repository, file: GoFile, view: Body, loop: int) -> bool:
    """`for {` without a select of its own, or a range over a ticker's channel."""
    block = file.blocks[loop]
    if block.kind == "range":
        ticker = block.text.endswith(".C") and facts.go.type_of(file, block.text[:-2], loop) == "time.Ticker"
        return ticker or block.text.startswith("time.Tick(")
    return view.is_endless(loop) and not view.blocks(loop, "select", own=True)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails=(
        {
            **_MOD,
            "main.go": """package main

import ("net/http"; "time")

func main() { http.HandleFunc("/", handle); http.ListenAndServe(":8080", nil) }

func handle(w http.ResponseWriter, r *http.Request) {
    go func() {
        for { // want
            refresh(r.URL.Path)
            time.Sleep(time.Minute)
        }
    }()
}

func refresh(path string) {}
""",
        },
        {
            **_MOD,
            "main.go": """package main

import "time"

func main() {
    go measure()
    select {}
}

func measure() {
    ticker := time.NewTicker(time.Second)
    for range ticker.C { // want
        println("tick")
    }
}
""",
        },
    ),
    passes=(
        {
            **_MOD,
            "main.go": """package main

import ("bufio"; "context"; "net"; "os"; "time")

func main() {
    l, _ := net.Listen("tcp", ":1")
    for {
        c, err := l.Accept()
        if err != nil { os.Exit(1) }
        go serve(c)
        go beat(context.Background(), make(chan int))
    }
}

func serve(c net.Conn) {
    r := bufio.NewReader(c)
    for {
        line, err := r.ReadString('\\n')
        if err != nil { return }
        println(line)
    }
}

func beat(ctx context.Context, stop chan int) {
outer:
    for {
        select {
        case <-ctx.Done():
            break outer
        case <-time.After(time.Second):
        }
    }
    for ctx.Err() == nil { println() }
    for {
        if _, ok := <-stop; !ok { break }
    }
    for { mustWork() }
}

func mustWork() {}
""",
        },
        {**_MOD, "main_test.go": "package main\n\nfunc TestX() { go func() { for { println() } }() }\n"},
    ),
)
