"""What the service prints cannot be searched or alerted on: text on stdout without level, time or request.

fmt.Print writes whatever it is given, in the middle of the structured records of everybody else. Log collectors cannot tell how serious
a line is, when it was written and to which request it belongs; a JSON parser drops it.

Counted are fmt.Print, Printf, Println and the builtin print and println in packages of a program that serves requests. Left out are package
main, command line packages (those that import a flag or command library, or lie below cmd or cli), and functions that print on
purpose: usage, version, help, String, banners; and what a debug switch guards.

Fix: slog.InfoContext(ctx, "…", "order", id).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.databases import serving
from steadygo.facts.go import Call, GoFile
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_PRINTS = ("fmt.Print", "fmt.Printf", "fmt.Println", "print", "println")
_COMMANDS = re.compile(
    r"\A(?:flag\Z|github\.com/(?:spf13/(?:cobra|pflag)|urfave/cli|minio/cli|alecthomas/(?:kingpin|kong)|docopt|jessevdk/go-flags"
    r"|peterbourgon/ff|google/subcommands|mitchellh/cli|chzyer/readline|manifoldco/promptui|AlecAivazis/survey|fatih/color|charmbracelet/"
    r"|olekukonko/tablewriter|cheggaaa/pb|schollz/progressbar))"
)
_MEANT = re.compile(
    r"(?i)print|startup|usage|escape|colou?r|help|version|banner|string|dump|debug|show|display|output|write|welcome|prompt|trace|log|main|cli|cmd|\Arun\Z"
)
_DEBUG = re.compile(r"(?i)debug|verbose|trace|dry|print")
_ASIDE = re.compile(
    r"(?:^|/)(?:cmd|cli|command|commands|cmds|ctl|\w*ctl|tool|tools|script|scripts|console|terminal|\w*test\w*|mock\w*)(?:/|$)"
)


def check(facts: Repository) -> Iterator[Finding]:
    services = [s for s in facts.services if s.main is not None and not s.tool and serving(facts, s)]
    cli: dict[str, bool] = {}
    for file, call in facts.go.calls(*_PRINTS):
        if file.generated or file.package == "main" or _ASIDE.search(file.directory) or not call.args or call.use == "argument":
            continue
        if file.directory not in cli:
            package = facts.go.packages[file.directory]
            cli[file.directory] = any(_COMMANDS.match(i.path) for f in package.files for i in f.imports)
        if cli[file.directory] or _meant(facts, file, call):
            continue
        owners = [s for s in services if s.has(file.directory)]
        function = facts.go.declared_function_at(file, call.block)
        if function is None or not any((file.path, function.block) in facts.go.reachable_functions(s.main or "") for s in owners):
            continue
        yield Finding(
            f"{call.name} writes text without level, time or request into the service's output",
            file.at(call),
            fix="Log it with the service's logger and fields.",
        )


def _meant(facts: Repository, file: GoFile, call: Call) -> bool:
    """Whether printing is what the function is there for."""
    function = facts.go.declared_function_at(file, call.block)
    block = call.block
    while block > 0:
        if file.blocks[block].kind == "if" and _DEBUG.search(file.blocks[block].text):
            return True
        block = file.blocks[block].parent
    return function is None or bool(_MEANT.search(function.name)) or function.name == "init"


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("fmt"; "net/http"; "example.com/orders/api")

func main() { fmt.Println("starting"); http.ListenAndServe(":8080", api.Routes()) }
"""
_API = """package api

import ("fmt"; "net/http")

func Routes() http.Handler { return http.HandlerFunc(create) }

func create(w http.ResponseWriter, r *http.Request) {
    fmt.Printf("created %s\\n", r.URL.Path) // want
    fmt.Fprintln(w, "ok")
    if debugHTTP { fmt.Println(r.URL) }
}

const debugHTTP = false

func PrintRoutes() { fmt.Println("/") }
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={**_MOD, "main.go": _MAIN, "api/api.go": _API},
    passes=(
        {**_MOD, "main.go": _MAIN, "api/api.go": _API.replace("fmt.Printf(", "fmt.Fprintf(w, ")},
        {**_MOD, "main.go": _MAIN, "api/api.go": _API.replace('"net/http")', '"net/http"; "github.com/spf13/cobra")')},
        {**_MOD, "main.go": _MAIN.replace("http.ListenAndServe", "println"), "api/api.go": _API},
        {
            **_MOD,
            "main.go": _MAIN.replace("api.Routes()", "api.Other()"),
            "api/api.go": _API.replace("Routes()", "other()", 1) + "\nfunc Other() http.Handler { return nil }\n",
        },
    ),
)
