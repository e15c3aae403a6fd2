"""A service behind this one receives everything the identity provider said about the user, and may log, keep or believe it.

The claims of a JWT (mail address, groups, scopes of other services) are put whole into a header or gRPC metadata of an outgoing request, or
the caller's own token is passed on. Whoever reads it downstream can act as the user elsewhere, and a log line there becomes a leak.

Claims that are serialised whole into an outgoing request are a hazard. Passing on the caller's Authorization header is a note: inside one
trust zone it may be meant. Single claims (`claims.Subject`, `claims["sub"]`) and reverse proxies are fine.

Fix: send the one claim that the other service needs, or exchange the token for one with that audience and scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_JWT = re.compile(r"github\.com/(?:golang-jwt/jwt|dgrijalva/jwt-go|form3tech-oss/jwt-go|lestrrat-go/jwx|go-jose/go-jose|coreos/go-oidc)")
_REQUESTS = frozenset({"net/http.NewRequest", "net/http.NewRequestWithContext"})
_METADATA = ("google.golang.org/grpc/metadata.AppendToOutgoingContext", "google.golang.org/grpc/metadata.Pairs")
_CLAIMS = re.compile(r"(?:\b\w*[cC]laims|\.Claims)\b(?![\w.(\[{]|\s*:)")
_WHOLE = re.compile(r"(?:json\.Marshal|fmt\.Sprintf?|string|EncodeToString|EncodeSegment)\(")
_RELAYED = re.compile(r'(\w+)\.Header\.Get\("Authorization"\)')
_STEPS = 4


def check(facts: Repository) -> Iterator[Finding]:
    for file, call, function in _sent(facts):
        view = body(facts.go, file)
        value = " ".join(call.args[1:])
        if any(_JWT.match(i.path) for i in file.imports) and _holds_claims(view, function, value):
            yield Finding(
                f"all claims of the caller's token go out in {call.args[0] if call.args else 'a header'}",
                file.at(call),
                fix="Send the one claim that the other service needs.",
                service=next((s.name for s in facts.services if not s.tool and s.has(file.directory)), ""),
            )
        elif (match := _RELAYED.search(value)) and any(
            kind == "*net/http.Request" and name == match[1]
            for f in view.functions.values()
            if view.within(call.block, f.block)
            for name, kind in f.params
        ):
            yield Finding(
                "the caller's own token goes out with this request, with every claim in it",
                file.at(call),
                fix="Exchange the token for one with the other service's audience.",
                service=next((s.name for s in facts.services if not s.tool and s.has(file.directory)), ""),
                severity=Severity.NOTE,
            )


def _sent(facts: Repository) -> Iterator[tuple[GoFile, Call, Function]]:
    """Headers and metadata of outgoing requests."""
    for name in (".Set", ".Add", *_METADATA):
        for file, call in facts.go.calls(name):
            if len(call.args) < 2 or not facts.ships(file.path):
                continue
            function = facts.go.declared_function_at(file, call.block)
            if function is None:
                continue
            if name in _METADATA or _is_outgoing(body(facts.go, file), function, call.receiver):
                yield file, call, function


def _is_outgoing(view: Body, function: Function, receiver: str) -> bool:
    owner, _, field = receiver.rpartition(".")
    return field == "Header" and any(c.name in _REQUESTS and owner in c.results for c in view.calls(function.block))


def _holds_claims(view: Body, function: Function, value: str) -> bool:
    """Whether the value is made of whole claims, followed through the function's variables."""
    serialised = bool(_WHOLE.search(value))
    for _ in range(_STEPS):
        if serialised and _CLAIMS.search(value):
            return True
        sources = [
            v
            for a in view.assignments(function.block)
            if any(
                re.search(rf"(?<![\w.]){re.escape(n)}\b", value)
                for n in a.names
                if n not in ("_", "err") and not n.lower().endswith("claims")
            )
            for v in a.values
        ]
        if not sources:
            return False
        value = " ".join(sources)
        serialised = serialised or bool(_WHOLE.search(value))
    return False


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n\nrequire github.com/golang-jwt/jwt/v5 v5.2.1\n"}
_CODE = """package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
)

func main() { http.HandleFunc("/", forward) }

func forward(w http.ResponseWriter, r *http.Request) {
	claims := jwt.MapClaims{}
	jwt.ParseWithClaims(r.Header.Get("X-Token"), claims, nil)
	raw, _ := json.Marshal(claims)
	req, _ := http.NewRequest("GET", "http://payments/", nil)
	req.Header.Set("X-Claims", base64.StdEncoding.EncodeToString(raw)) // want
	http.DefaultClient.Do(req)
}
"""
_RELAY = """package main

import "net/http"

func main() { http.HandleFunc("/", forward) }

func forward(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequestWithContext(r.Context(), "GET", "http://payments/", nil)
	req.Header.Set("Authorization", r.Header.Get("Authorization")) // want
	http.DefaultClient.Do(req)
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go",),
    fails=({**_MOD, "main.go": _CODE}, {**_MOD, "main.go": _RELAY}),
    passes=(
        {**_MOD, "main.go": _CODE.replace(" // want", "").replace("json.Marshal(claims)", 'json.Marshal(claims["sub"])')},
        {
            **_MOD,
            "main.go": _CODE.replace(" // want", "").replace("req.Header.Set", "w.Header().Set"),
        },
        {
            **_MOD,
            "main.go": _RELAY.replace(" // want", "").replace('r.Header.Get("Authorization")', '"Bearer "+own()')
            + '\nfunc own() string { return "" }\n',
        },
    ),
)
