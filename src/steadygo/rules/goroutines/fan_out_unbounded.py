"""One large request or a burst of messages starts as many goroutines as it has items, and memory or the service behind it gives in.

`for … { go work(x) }` has no limit: ten thousand items are ten thousand goroutines, connections and queries at once. Under load the work of
all of them gets slower together, until time limits and memory end it.

Reported are loops that run for each request, and loops over a channel of messages, that start a goroutine for each item without a
semaphore, a limit (errgroup.SetLimit) or a wait inside the loop. Loops over lists that are written in the code, and counted
loops, are left out.

Fix: errgroup with SetLimit(n), or a fixed number of workers that read from a channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.goroutines import Goroutine, goroutines
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import handler_at
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_LIMITS = re.compile(r"(?:^|\.)(?:SetLimit|\w*Acquire\w*|Wait\w*|Take\w*|Allow\w*|Get|Submit|Sleep|Lock)\Z")


def check(facts: Repository) -> Iterator[Finding]:
    for goroutine in goroutines(facts):
        file, call = goroutine.file, goroutine.call
        view = body(facts.go, file)
        loop = view.loop_around(file.blocks[call.block].parent if file.blocks[call.block].kind == "go" else call.block)
        if loop is None or file.blocks[loop].kind != "range" or _limited(facts, view, goroutine, loop):
            continue
        messages = any(u.operation == "range" and u.block == loop for u in file.channels)
        handler = handler_at(facts.go, file, loop)
        if (not messages and handler is None) or _written(file, view, loop):
            continue
        ranged = file.blocks[loop].text
        what = "message of" if messages else "item of"
        yield Finding(
            f"each {what} {ranged} starts a goroutine, and nothing limits how many run at once",
            file.at(call),
            (because(file.at(file.blocks[loop]), "the loop"),),
            "Limit them: errgroup with SetLimit, or a fixed number of workers.",
        )


def _limited(facts: Repository, view: Body, goroutine: Goroutine, loop: int) -> bool:
    """Whether something in the loop, outside of the goroutine, waits; or the group has a limit."""
    owner = view.owner[loop]
    if goroutine.group:
        return any(_LIMITS.search(c.name) and c.name.endswith("SetLimit") for c in view.calls(owner)) or goroutine.call.name.startswith(".")
    own = view.calls(loop, own=True)
    if any(_LIMITS.search(c.name) and c.mode != "defer" for c in own):
        return True
    return any(u.operation in ("send", "receive") and view.owner[u.block] == owner for u in view.channels(loop))


def _written(file: GoFile, view: Body, loop: int) -> bool:
    """Whether the list is written in the code, a number, or made from the program's own settings."""
    ranged = file.blocks[loop].text
    if "{" in ranged or re.match(r"\d|len\(|(?:s|c|h|srv|api|a|p|m)\.[a-zA-Z_.]+\Z", ranged):
        return True
    name = ranged.partition(".")[0]
    given = [a for a in view.assignments(view.owner[loop]) if name in a.names and a.values]
    return any(re.match(r"(?:\[\]|map\[)[\w.*\]]*\{", value) or value.startswith("make(") for a in given for value in a.values)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("encoding/json"; "net/http"; "sync")

func main() { http.HandleFunc("/", batch); go consume(make(chan string)); http.ListenAndServe(":8080", nil) }

func batch(w http.ResponseWriter, r *http.Request) {
    var ids []string
    json.NewDecoder(r.Body).Decode(&ids)
    var wg sync.WaitGroup
    for _, id := range ids {
        wg.Add(1)
        go func() { // want
            defer wg.Done()
            load(id)
        }()
    }
    wg.Wait()
}

func consume(messages chan string) {
    for m := range messages {
        go load(m) // want
    }
}

func load(id string) {}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {
            **_MOD,
            "main.go": _MAIN.replace("        wg.Add(1)\n", "        wg.Add(1)\n        room <- true\n").replace(
                "        go load(m) // want", "        load(m)"
            ),
        },
        {
            **_MOD,
            "main.go": _MAIN.replace("range ids", 'range []string{"a", "b"}').replace(
                "        go load(m) // want", "        room.Acquire(1); go load(m)"
            ),
        },
        {
            **_MOD,
            "main.go": _MAIN.replace("batch(w http.ResponseWriter, r *http.Request)", "batch(r request)").replace("go load(m)", "load(m)"),
        },
    ),
)
