"""The build stops with "inconsistent vendoring": vendor/ was made from another go.mod.

With a vendor directory and go 1.14 or newer, `go build` compares every requirement and replacement of go.mod with vendor/modules.txt
before it compiles anything. One changed line in go.mod without `go mod vendor` and no build works, first of all not the one of the
release. Turning the comparison off (-mod=mod) builds other code than the one that was reviewed in vendor/.

Modules of a workspace (go.work) are left out: their vendor directory follows go.work.

Fix: run `go mod vendor` and commit vendor/ together with go.mod.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from steadygo.facts import goversions
from steadygo.facts.modules import GoMod, VendorModules
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_CHECKED_SINCE = (1, 14, -1)


def check(facts: Repository) -> Iterator[Finding]:
    modules = {m.directory: m for m in facts.modules}
    workspaces = {posixpath.dirname(w.path) for w in facts.workspaces}
    for vendor in facts.vendors:
        directory = posixpath.dirname(posixpath.dirname(vendor.path))
        module = modules.get(directory)
        least = goversions.of_module(module) if module is not None else None
        if module is None or directory in workspaces or least is None or goversions.older(least, _CHECKED_SINCE) or vendor.gaps:
            continue
        differences = _differences(module, vendor)
        if differences:
            line, text, other = differences[0]
            more = f" ({len(differences)} differences in all)" if len(differences) > 1 else ""
            message = f"{text}{more}: the build stops with 'inconsistent vendoring'"
            reason = Because(vendor.path, other, "what vendor/ was made from")
            severity = None if facts.ships(module.path) else Severity.NOTE
            yield Finding(message, Place(module.path, line), (reason,), "Run `go mod vendor` and commit vendor/.", severity=severity)


def _differences(module: GoMod, vendor: VendorModules) -> list[tuple[int, str, int]]:
    """(line of go.mod, what differs, line of modules.txt), as cmd/go compares them."""
    held = {m.path: m for m in vendor.modules}
    explicit = set(vendor.explicit)
    found: list[tuple[int, str, int]] = []
    for r in module.requirements:
        there = held.get(r.path)
        if there is None or r.path not in explicit:
            found.append(
                (r.line, f"{r.path} {r.version} is required but not marked explicit in vendor/modules.txt", there.line if there else 1)
            )
        elif there.version != r.version:
            found.append((r.line, f"{r.path} is required at {r.version} but vendored at {there.version}", there.line))
    required = {r.path for r in module.requirements}
    found += [
        (1, f"{path} is vendored as explicit but not required in go.mod", held[path].line)
        for path in vendor.explicit
        if path not in required and path in held
    ]
    replaced = {(r.path, r.version): (r.by, r.by_version) for r in vendor.replacements}
    for each in module.replacements:
        there_by = replaced.get((each.path, each.version)) or next((b for (p, _), b in replaced.items() if p == each.path), None)
        if there_by is not None and there_by != (each.by, each.by_version):
            found.append((each.line, f"{each.path} is replaced by {each.by} {each.by_version} here, by {' '.join(there_by)} in vendor/", 1))
    return found


_MOD = "module example.com/orders\n\ngo 1.24\n\n"
_MAIN = {"main.go": "package main\n\nfunc main() {}\n"}
_ZAP = "# go.uber.org/zap v1.27.0\n## explicit; go 1.19\ngo.uber.org/zap\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("module",),
    fails=(
        {**_MAIN, "go.mod": _MOD + "require go.uber.org/zap v1.28.0 // want\n", "vendor/modules.txt": _ZAP},
        {
            **_MAIN,
            "go.mod": _MOD + "require (\n\tgo.uber.org/zap v1.27.0\n\tgo.uber.org/multierr v1.11.0 // want\n)\n",
            "vendor/modules.txt": _ZAP,
        },
    ),
    passes=(
        {**_MAIN, "go.mod": _MOD + "require go.uber.org/zap v1.27.0\n", "vendor/modules.txt": _ZAP},
        {
            **_MAIN,
            "go.mod": _MOD + "require go.uber.org/zap v1.27.0\n\nreplace go.uber.org/zap => github.com/acme/zap v1.27.1\n",
            "vendor/modules.txt": "# go.uber.org/zap v1.27.0 => github.com/acme/zap v1.27.1\n## explicit; go 1.19\ngo.uber.org/zap\n"
            "# go.uber.org/zap => github.com/acme/zap v1.27.1\n",
        },
        {**_MAIN, "go.mod": _MOD + "require go.uber.org/zap v1.28.0\n", "go.work": "go 1.24\n\nuse .\n", "vendor/modules.txt": _ZAP},
    ),
)
