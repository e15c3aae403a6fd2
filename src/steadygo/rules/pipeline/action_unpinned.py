"""Other people's code runs in the pipeline at a version that they can change: whoever moves the tag gets the secrets of the job.

`uses: owner/action@v3` runs what the tag v3 means at that moment. Tags of popular actions were moved to code that printed secrets
(tj-actions/changed-files, March 2025); a commit's hash cannot be moved. A branch (`@main`) changes even without malice.

Actions of GitHub itself (actions/, github/), of this repository and of its owner are not reported. One finding for each workflow;
zizmor's `unpinned-uses` lists each place.

Fix: pin to the commit with the version in a comment, `uses: owner/action@<40 hex digits> # v3.1.0`, and let Dependabot or Renovate move
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.place import Text
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_HASH = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?$")
_BRANCH = re.compile(r"^(main|master|develop|dev|trunk|head|latest|nightly)$", re.I)


def check(facts: Repository) -> Iterator[Finding]:
    own = {f"{m.module.value.split('/')[1]}/" for m in facts.modules if m.module and m.module.value.startswith("github.com/")}
    for pipeline in facts.pipelines:
        if pipeline.kind not in ("github", "action"):
            continue
        moving: list[Text] = []
        for job in pipeline.jobs:
            moving += [s.uses for s in job.steps if s.uses is not None and _moves(s.uses.value, own)]
        if not moving:
            continue
        branches = [t for t in moving if _BRANCH.match(t.value.rpartition("@")[2])]
        names = list(dict.fromkeys(t.value for t in branches + moving))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        message = f"{', '.join(names[:3])}{more} can change under this workflow"
        first = (branches or moving)[0]
        severity = Severity.HAZARD if branches else None
        fix = f"Pin {names[0].partition('@')[0]} to a commit's hash, with its version in a comment."
        yield Finding(message, Place(pipeline.path, first.line, first.column), fix=fix, severity=severity)


def _moves(uses: str, own: set[str]) -> bool:
    action, mark, version = uses.partition("@")
    ours = action.startswith(("./", "actions/", "github/", "docker://", *own)) or "${{" in uses
    return bool(mark) and not ours and not _HASH.match(version)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
_JOB = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n"

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("pipeline",),
    fails=(
        {
            **_MAIN,
            ".github/workflows/ci.yml": _JOB
            + "      - uses: docker/build-push-action@v6 # want\n      - uses: codecov/codecov-action@v4\n",
        },
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - uses: acme/a@v1\n      - uses: acme/deploy@master # want\n"},
    ),
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + f"      - uses: acme/deploy@{'a' * 40} # v1.2.3\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - uses: ./.github/actions/setup\n"},
    ),
)
