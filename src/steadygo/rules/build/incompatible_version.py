"""A dependency gives no promise about its versions: it is used at v2 or above without being a module of that version.

`+incompatible` marks a tag of v2 or above whose repository has no go.mod for it. The go command then treats v2, v3 and v4 as the same
module and takes the highest one that anybody asks for, breaking changes included; its own dependencies have no versions either. An update
of another module can lift it across a major version.

Only direct requirements are listed, one finding for each go.mod.

Fix: use the module's path with its major version (`/v3`) where there is one, or another module.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    shipped = {s.module.path for s in facts.services if s.module is not None and not s.tool}
    for module in facts.modules:
        replaced = {r.path for r in module.replacements}
        found = [r for r in module.requirements if r.version.endswith("+incompatible") and not r.indirect and r.path not in replaced]
        if found and module.path in shipped:
            names = ", ".join(f"{r.path} {r.version.removesuffix('+incompatible')}" for r in found[:4])
            more = f" and {len(found) - 4} more" if len(found) > 4 else ""
            message = f"{names}{more} come from before modules: any other module can lift them to a new major version"
            yield Finding(
                message, Place(module.path, found[0].line), fix=f"Look for a path of {found[0].path} that ends in its major version."
            )


_MAIN = {"main.go": "package main\n\nfunc main() {}\n"}
_MOD = "module example.com/orders\n\ngo 1.24\n\n"

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("module",),
    fails={**_MAIN, "go.mod": _MOD + "require github.com/docker/docker v27.1.1+incompatible // want\n"},
    passes=(
        {
            **_MAIN,
            "go.mod": _MOD + "require (\n\tgithub.com/docker/docker v27.1.1+incompatible // indirect\n\tgo.uber.org/zap v1.27.0\n)\n",
        },
        {
            **_MAIN,
            "go.mod": _MOD
            + "require github.com/acme/lib v3.0.0+incompatible\n\nreplace github.com/acme/lib => github.com/acme/lib/v3 v3.0.1\n",
        },
    ),
)
