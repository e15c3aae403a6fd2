"""A broken document switches every setting to zero while the service runs: the error of decoding it is thrown away.

What a watch or a reload delivers is decoded into a fresh value, and that value is put in force whether decoding worked or not. One
missing comma in the document and limits, pool sizes and switches become 0 and false in all replicas at once.

Looked at are decoders whose error is dropped in functions that watch, reload or apply settings. Whether values are sensible cannot be
seen from here.

Fix: keep the old settings when decoding or validation fails, and log or count the refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_DECODERS = (
    *("encoding/json.Unmarshal", "gopkg.in/yaml.v2.Unmarshal", "gopkg.in/yaml.v3.Unmarshal", "sigs.k8s.io/yaml.Unmarshal"),
    *("github.com/goccy/go-yaml.Unmarshal", "github.com/BurntSushi/toml.Unmarshal", "github.com/pelletier/go-toml/v2.Unmarshal"),
    *("github.com/spf13/viper.Unmarshal", "github.com/spf13/viper.Viper.Unmarshal", "encoding/json.Decoder.Decode"),
)
_RELOAD = re.compile(r"watch|reload|onconfigchange|hotupdate|applyconfig|applysettings|refresh(?:config|settings)|updateconfig", re.I)


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls(*_DECODERS):
        dropped = call.use == "" or call.results == ("_",)
        if not dropped or call.mode or not facts.ships(file.path) or not _reloads(facts, file, call):
            continue
        yield Finding(
            "the error of decoding new settings is dropped: a broken document puts zero values in force",
            file.at(call),
            fix="When decoding fails, keep the settings in force and log the refusal.",
        )


def _reloads(facts: Repository, file: GoFile, call: Call) -> bool:
    """Whether the code around takes new settings while the service runs."""
    function = facts.go.declared_function_at(file, call.block)
    if function is not None and _RELOAD.search(function.name):
        return True
    outer = facts.go.enclosing(file, call.block, "range", "comm", within_function=False)
    if outer is not None and re.search(r"\.Watch\(|SIGHUP|reload|watcher\.Events", outer.text):
        return True
    around = [c for c in file.calls if c.name.endswith((".OnConfigChange", ".OnChange")) and c.line <= call.line and c.block <= call.block]
    return bool(around and facts.go.enclosing(file, call.block, "closure", within_function=False))


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_HEAD = (
    'package main\n\nimport "encoding/json"\n\ntype settings struct{ Max int }\n\nvar current settings\n\nfunc main() { go watch(nil) }\n\n'
)
_WATCH = "func watch(changes chan []byte) {\n\tfor text := range changes {\n\t\tvar next settings\n"

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MOD, "main.go": _HEAD + _WATCH + "\t\t_ = json.Unmarshal(text, &next) // want\n\t\tcurrent = next\n\t}\n}\n"},
        {**_MOD, "main.go": _HEAD + _WATCH + "\t\tjson.Unmarshal(text, &next) // want\n\t\tcurrent = next\n\t}\n}\n"},
    ),
    passes=(
        {
            **_MOD,
            "main.go": _HEAD + _WATCH + "\t\tif err := json.Unmarshal(text, &next); err != nil {\n\t\t\tcontinue\n\t\t}\n"
            "\t\tcurrent = next\n\t}\n}\n",
        },
        {
            **_MOD,
            "main.go": _HEAD
            + "func show(text []byte) (s settings) {\n\t_ = json.Unmarshal(text, &s)\n\treturn s\n}\n\nfunc watch(c any) {}\n",
        },
        {
            **_MOD,
            "main.go": "package main\n\nfunc main() {}\n",
            "main_test.go": _HEAD.replace("func main() { go watch(nil) }\n\n", "")
            + _WATCH
            + "\t\t_ = json.Unmarshal(text, &next)\n\t}\n}\n",
        },
    ),
)
