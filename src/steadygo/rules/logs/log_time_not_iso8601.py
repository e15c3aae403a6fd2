"""Records of several services cannot be put in order: their times are written in a format of this service's own.

Day first, month by name or no year at all sort wrong as text and are parsed wrong, or not at all, by collectors; 02/01 and 01/02 cannot be
told apart. In the minutes that matter nobody can line up two logs.

Reported are layouts that a logger is configured with and that do not begin with year, month and day.

Fix: keep the logger's default (slog and zerolog write RFC 3339), or use time.RFC3339Nano.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import GoFile
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_GOOD = re.compile(r"\A\D?2006-?01-?02\D*(?:15|\Z)|\A(?:UNIX|UNIXMS|UNIXMICRO|UNIXNANO)?\Z|\A2006/01/02.15")
_CLOCK = re.compile(r"15:?04|03:?04|3:04")
_LAYOUTS = {
    "time.RFC1123": 1,
    "time.RFC822": 1,
    "time.RFC850": 1,
    "time.ANSIC": 1,
    "time.UnixDate": 1,
    "time.RubyDate": 1,
    "time.Kitchen": 1,
}
_ZAP = "go.uber.org/zap/zapcore.TimeEncoderOfLayout"


def check(facts: Repository) -> Iterator[Finding]:
    for at, text, layout in _layouts(facts):
        if facts.ships(at.path):
            yield Finding(
                f"the log's times look like {layout}: they cannot be sorted or merged with other logs",
                at,
                fix="Write time.RFC3339Nano.",
                confidence=None if text else Confidence.LIKELY,
            )


def _layouts(facts: Repository) -> Iterator[tuple[Place, bool, str]]:
    """(place, whether the layout is a literal, layout) of every layout a logger is given that is not ISO 8601."""
    for file, call in facts.go.calls(_ZAP):
        if call.args and (bad := _bad(facts, file, call.args[0], call.block)):
            yield file.at(call), True, bad
    kinds = ("github.com/sirupsen/logrus.TextFormatter", "github.com/sirupsen/logrus.JSONFormatter", "github.com/lmittmann/tint.Options")
    for file, made in facts.go.composites(*kinds):
        fields = dict(made.fields)
        layout = fields.get("TimestampFormat") or fields.get("TimeFormat") or ""
        if layout and (bad := _bad(facts, file, layout, made.block)):
            yield file.at(made), True, bad
    for file, made in facts.go.composites("log/slog.HandlerOptions"):
        if not any(name == "ReplaceAttr" for name, _ in made.fields):
            continue
        view = body(facts.go, file)
        for call in view.calls(view.owner[made.block]):
            around = file.blocks[view.owner[call.block]]
            in_replace = around.kind == "closure" and made.line <= around.line and view.owner[call.block] != view.owner[made.block]
            if in_replace and call.name.endswith(".Format") and call.args and (bad := _bad(facts, file, call.args[0], call.block)):
                yield file.at(call), True, bad


def _bad(facts: Repository, file: GoFile, layout: str, block: int) -> str:
    if layout in _LAYOUTS:
        return layout
    text = facts.go.text(file, layout, block)
    return text if text and _CLOCK.search(text) and not _GOOD.search(text) else ""


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("log/slog"; "os")

func main() {
    options := &slog.HandlerOptions{
        ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
            if a.Key == slog.TimeKey {
                return slog.String("time", a.Value.Time().Format("02/01/2006 15:04:05")) // want
            }
            return a
        },
    }
    slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, options)))
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails=(
        {**_MOD, "main.go": _MAIN},
        {
            **_MOD,
            "main.go": """package main

import ("github.com/sirupsen/logrus"; "go.uber.org/zap/zapcore")

func main() {
    logrus.SetFormatter(&logrus.TextFormatter{TimestampFormat: "Jan _2 15:04:05"}) // want
    _ = zapcore.TimeEncoderOfLayout("15:04:05.000") // want
}
""",
        },
    ),
    passes=(
        {**_MOD, "main.go": _MAIN.replace("02/01/2006 15:04:05", "2006-01-02T15:04:05.000Z07:00")},
        {**_MOD, "main.go": _MAIN.replace('"02/01/2006 15:04:05"', "time.RFC3339")},
        {**_MOD, "main.go": _MAIN.replace("02/01/2006 15:04:05", "2006-01-02 15:04:05")},
        {**_MOD, "main.go": 'package main\n\nimport "time"\n\nfunc main() { println(time.Now().Format("02 Jan 15:04")) }\n'},
    ),
)
