"""When the other service hangs, this one hangs with it: the HTTP request has no time limit at all.

http.Get, http.DefaultClient and an http.Client without Timeout wait for an answer as long as the connection stays open. A peer that
accepts and never answers holds a goroutine, a connection and whatever the caller holds, request after request, until nothing is left.

Not reported: requests made with NewRequestWithContext and a context that somebody passed in (its owner bounds it), clients whose transport
has a ResponseHeaderTimeout, clients that are handed to a library, command line tools, and tests.

Fix: give the client a Timeout, or the request a context with a deadline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.databases import serving
from steadygo.facts.go import Call, Composite, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.facts.roles import aside
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_PLAIN = ("net/http.Get", "net/http.Post", "net/http.Head", "net/http.PostForm")
_METHODS = ("Get", "Post", "Head", "PostForm", "Do")
_UNBOUNDED = re.compile(r"(?:context\.(?:Background|TODO)\(\)|context\.With(?:Value|Cancel|out\w*)\(context\.(?:Background|TODO)\(\).*)\Z")


def check(facts: Repository) -> Iterator[Finding]:
    services = [s for s in facts.services if not s.tool and s.main is not None and serving(facts, s)]

    def served(file: GoFile) -> bool:
        return not aside(file.path) and not file.generated and any(s.has(file.directory) for s in services)

    for file, call in facts.go.calls(*_PLAIN):
        if served(file) and _lasts(facts, file, call):
            name = call.name.rpartition(".")[2]
            yield Finding(
                f"http.{name} waits for ever when the other side does not answer", file.at(call), fix="Use a client with a Timeout."
            )
    for file, call in facts.go.calls("net/http.Client.Do", *(f"net/http.Client.{m}" for m in _METHODS if m != "Do")):
        if served(file) and call.receiver == "http.DefaultClient" and _lasts(facts, file, call) and _asks_without_limit(facts, file, call):
            yield Finding(
                "http.DefaultClient has no time limit and the request has none either",
                file.at(call),
                fix="Use a client with a Timeout, or a request with a context that has a deadline.",
            )
    for file, made in facts.go.composites("net/http.Client"):
        if not served(file) or any(name in ("Timeout", "") for name, _ in made.fields) or _bounded(facts, file, made):
            continue
        use = _unlimited_use(facts, file, made)
        if use is not None:
            yield Finding(
                "this HTTP client has no Timeout: requests wait for ever when the other side does not answer",
                file.at(made),
                (use,),
                "Set Timeout on the client.",
            )


def _lasts(facts: Repository, file: GoFile, call: Call) -> bool:
    """Whether the call may run again and again: not straight in main or init of a program."""
    function = facts.go.declared_function_at(file, call.block)
    return function is not None and not (file.package == "main" and function.name in ("main", "init"))


def _bounded(facts: Repository, file: GoFile, made: Composite) -> bool:
    """Whether its Timeout is set later, or its transport waits for headers only so long."""
    holders = {name.rpartition(".")[2] for name in _holders(file, made)}
    package = facts.go.packages[file.directory]
    for each in package.files:
        for assignment in each.assignments:
            for name in assignment.names:
                if name.endswith(".Timeout") and (not holders or name.split(".")[-2] in holders):
                    return True
    transport = next((text for name, text in made.fields if name == "Transport"), "")
    if "ResponseHeaderTimeout" in transport or (transport and not re.match(r"&?http\.Transport\{|http\.DefaultTransport\Z", transport)):
        return True  # a transport from elsewhere may bound it
    return bool(transport) and any(
        name == "ResponseHeaderTimeout" for each in package.files for c in each.composites for name, _ in c.fields if "Transport" in c.type
    )


def _holders(file: GoFile, made: Composite) -> list[str]:
    """What holds the client: a variable, or the field of the literal it stands in."""
    if made.results:
        return [made.results[0]]
    for composite in file.composites:
        if composite is made or composite.line > made.line or composite.block != made.block:
            continue
        for name, text in composite.fields:
            if name and re.match(r"&?http\.Client\{", text):
                return [name]
    return []


def _unlimited_use(facts: Repository, file: GoFile, made: Composite) -> Because | None:
    """A request through this client that nothing bounds."""
    holders = {name.rpartition(".")[2] for name in _holders(file, made)}
    if not holders:
        return None
    local = bool(made.results) and "." not in made.results[0] and made.block > 0
    function = facts.go.declared_function_at(file, made.block)
    for other, call in facts.go.calls(*(f"net/http.Client.{m}" for m in _METHODS)):
        if other.directory != file.directory or other.is_test or call.receiver.rpartition(".")[2] not in holders:
            continue
        if local and (other is not file or facts.go.declared_function_at(other, call.block) is not function):
            continue
        if local and function is not None and file.package == "main" and function.name == "main":
            continue
        if _asks_without_limit(facts, other, call):
            return because(other.at(call), "this request has no time limit of its own")
    return None


def _asks_without_limit(facts: Repository, file: GoFile, call: Call) -> bool:
    """Whether the request carries no context that somebody may bound."""
    if not call.name.endswith(".Do"):
        return True
    request = call.args[0] if call.args else ""
    function = facts.go.declared_function_at(file, call.block)
    if function is None or not re.match(r"[A-Za-z_]\w*\Z", request):
        return False
    made = [c for c in body(facts.go, file).calls(function.block) if request in c.results]
    if len(made) != 1:
        return False
    if any(c.name == "net/http.Request.WithContext" for c in body(facts.go, file).calls(function.block)):
        return False
    if made[0].name == "net/http.NewRequest":
        return True
    if made[0].name != "net/http.NewRequestWithContext" or not made[0].args:
        return False
    return _UNBOUNDED.match(made[0].args[0]) is not None


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("net/http"; "example.com/orders/pay")

func main() { pay.Ask(); pay.New().Ask(); http.ListenAndServe(":8080", nil) }
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:net/http",),
    fails={
        **_MOD,
        "main.go": _MAIN,
        "pay/pay.go": """package pay

import ("context"; "net/http")

type Client struct { http *http.Client }

func New() *Client { return &Client{http: &http.Client{}} } // want

func (c *Client) Ask() error {
    req, err := http.NewRequest("GET", "http://pay", nil)
    if err != nil { return err }
    _, err = c.http.Do(req)
    return err
}

func Ask() {
    http.Get("http://pay") // want
    req, _ := http.NewRequestWithContext(context.Background(), "GET", "http://pay", nil)
    http.DefaultClient.Do(req) // want
    client := http.Client{Jar: nil} // want
    client.Get("http://pay")
}
""",
    },
    passes=(
        {
            **_MOD,
            "main.go": _MAIN,
            "pay/pay.go": """package pay

import ("context"; "net/http"; "time")

type Client struct { http, other *http.Client }

func New() *Client { return &Client{http: &http.Client{}, other: &http.Client{Timeout: time.Second}} }

func (c *Client) Ask(ctx context.Context) error {
    req, err := http.NewRequestWithContext(ctx, "GET", "http://pay", nil)
    if err != nil { return err }
    _, err = c.http.Do(req)
    c.other.Get("http://pay")
    return err
}

func Ask() {
    client := http.Client{}
    client.Timeout = time.Minute
    client.Get("http://pay")
    lib := &http.Client{}
    use(lib)
    ctx, cancel := context.WithTimeout(context.Background(), time.Second)
    defer cancel()
    req, _ := http.NewRequestWithContext(ctx, "GET", "http://pay", nil)
    http.DefaultClient.Do(req)
    slow := &http.Client{Transport: &http.Transport{ResponseHeaderTimeout: time.Second}}
    slow.Get("http://pay")
}

func use(c *http.Client) {}
""",
        },
        {**_MOD, "main.go": 'package main\n\nimport "net/http"\n\nfunc main() { fetch() }\n\nfunc fetch() { http.Get("http://pay") }\n'},
    ),
)
