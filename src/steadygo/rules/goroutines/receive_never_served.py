"""The goroutine waits for ever: it receives from a channel that nobody sends to or closes.

A channel that is made in a function and neither handed out, sent to nor closed there can never deliver. Whoever receives from it
stands still until the process ends; a caller that waits for it hangs with it.

Channels that are meant to block for ever (in main, or named so) are left out, as are those that any other code can reach.

Fix: close the channel or send to it when the work is done, or delete the wait.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_MEANT = re.compile(r"(?i)forever|block|never|infinite|wait|hang|sleep")


def check(facts: Repository) -> Iterator[Finding]:
    for file in facts.go.files:
        if file.is_test or file.generated or not file.channels or not facts.ships(file.path):
            continue
        view = body(facts.go, file)
        for made in file.channels:
            outer = facts.go.declared_function_at(file, made.block)
            if made.operation != "make" or outer is None or not _NAME.match(made.channel):
                continue
            if outer.name == "main" or _MEANT.search(made.channel) or _MEANT.search(outer.name):
                continue
            uses = [u for u in view.channels(outer.block) if u.channel == made.channel and u is not made]
            receives = [u for u in uses if u.operation in ("receive", "range") and file.blocks[u.block].kind != "comm"]
            if not receives or any(u.operation not in ("receive", "range") for u in uses):
                continue
            word = re.compile(rf"\b{re.escape(made.channel)}\b")
            texts = [arg for call in view.calls(outer.block) for arg in (*call.args, call.receiver)]
            texts += [text for c in view.composites(outer.block) for _, text in c.fields]
            texts += [j.text for j in view.jumps(outer.block) if not j.text.startswith("<-")]
            given = [a for a in view.assignments(outer.block) if made.channel in a.names or any(word.search(v) for v in a.values)]
            if any(word.search(text) for text in texts) or len([a for a in given if not _receives(a.values)]) > 1:
                continue
            yield Finding(
                f"nobody sends to {made.channel} or closes it: this waits for ever",
                file.at(receives[0]),
                (because(file.at(made), "the channel is made here and leaves this function nowhere"),),
                f"Close {made.channel} when the work is done.",
            )


def _receives(values: tuple[str, ...]) -> bool:
    return len(values) == 1 and values[0].startswith(("<-", "range "))


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

func main() { drain() }

func drain() {
    done := make(chan struct{})
    go func() { println("work") }()
    <-done // want
}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("os"; "os/signal")

func main() {
    stop := make(chan os.Signal, 1)
    signal.Notify(stop, os.Interrupt)
    <-stop
    idle()
    forever := make(chan bool)
    <-forever
}

type server struct{ done chan bool }

func idle() {
    done := make(chan bool)
    go func() { defer close(done) }()
    <-done
    other := make(chan bool)
    s := server{done: other}
    s.run()
    <-other
    third := make(chan bool)
    copied := third
    go func() { copied <- true }()
    <-third
}

func (s server) run() { go func() { s.done <- true }() }
""",
    },
)
