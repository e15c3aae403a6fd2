"""When a later step fails, money stays taken or stock stays reserved: the service can cause the effect, and has no way to undo it.

A client has a method that changes another system for good (charge, debit, reserve), and nothing in the repository calls the opposite
(refund, credit, release). If the step behind it fails, or the order is cancelled, somebody has to repair it by hand, one by one.

Only methods that send a request themselves, that are named with one of a few plain verbs, and that other code calls count; any function
whose name begins with an opposite verb is believed to be the way back.

Fix: write the opposite call, and say in the code at which failures it runs (an outbox entry or a saga step, not a defer).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Function, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_BACK = {
    "Charge": ("Refund", "Void", "Reverse", "Cancel", "Credit", "Uncharge", "Chargeback"),
    "Debit": ("Credit", "Refund", "Reverse", "Cancel", "Void"),
    "Withdraw": ("Deposit", "Refund", "Reverse", "Cancel", "Credit"),
    "Reserve": ("Release", "Cancel", "Unreserve", "Free", "Return"),
}
_EFFECT = re.compile(rf"(?:{'|'.join(_BACK)})(?=[A-Z]|\Z)")
_SENDS = re.compile(r"(?:net/http\.(?:Post|PostForm|Client\.(?:Do|Post|PostForm))|\.(?:Do|Invoke|Publish|Post))\Z")


def check(facts: Repository) -> Iterator[Finding]:
    named: list[str] = [f.name for file in facts.go.files if not file.is_test for f in file.functions if f.name]
    for file, function, verb in _effects(facts):
        back = _BACK[verb]
        if any(re.match(rf"(?i)(?:{'|'.join(back)})", name) for name in named):
            continue
        callers = [(f, c) for f, c in facts.go.callers(file, function) if not f.is_test and f.directory != file.directory]
        if not callers:
            continue
        yield Finding(
            f"{function.receiver}.{function.name} has an effect on another system that nothing here can undo",
            file.at(function),
            tuple(because(f.at(c), "called here; what fails afterwards leaves the effect behind") for f, c in callers[:3]),
            f"Add {' or '.join(back[:2])} and call it when a later step fails.",
            service=next((s.name for s in facts.services if not s.tool and s.has(file.directory)), ""),
        )


def _effects(facts: Repository) -> Iterator[tuple[GoFile, Function, str]]:
    """Methods named for an effect that send a request."""
    for file in facts.go.files:
        if file.is_test or file.generated:
            continue
        for function in file.functions:
            match = _EFFECT.match(function.name) if function.receiver else None
            if match is None or not facts.ships(file.path):
                continue
            if any(_SENDS.search(facts.go.resolved(file, c).name) for c in body(facts.go, file).calls(function.block)):
                yield file, function, match[0]


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import "example.com/orders/payments"

func main() {
	client := &payments.Client{}
	client.Charge("o-1", 500)
}
"""
_CLIENT = """package payments

import "net/http"

type Client struct{ http *http.Client }

func (c *Client) Charge(order string, cents int64) error { // want
	req, err := http.NewRequest(http.MethodPost, "http://payments/charges", nil)
	if err != nil {
		return err
	}
	_, err = c.http.Do(req)
	return err
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.GUESS,
    since="0.1",
    check=check,
    needs=("go",),
    fails={**_MOD, "main.go": _MAIN, "payments/client.go": _CLIENT},
    passes=(
        {**_MOD, "main.go": _MAIN, "payments/client.go": _CLIENT + "\nfunc (c *Client) Refund(order string) error { return nil }\n"},
        {**_MOD, "main.go": _MAIN, "payments/client.go": _CLIENT + "\nfunc cancelCharge(order string) error { return nil }\n"},
        {**_MOD, "main.go": _MAIN, "payments/client.go": _CLIENT.replace("_, err = c.http.Do(req)", "").replace(" // want", "")},
        {
            **_MOD,
            "main.go": _MAIN.replace('client.Charge("o-1", 500)', "_ = client"),
            "payments/client.go": _CLIENT.replace(" // want", ""),
        },
        {**_MOD, "main.go": _MAIN.replace("Charge", "ReserveCapacity"), "payments/client.go": _CLIENT.replace("Charge", "Reserved")},
    ),
)
