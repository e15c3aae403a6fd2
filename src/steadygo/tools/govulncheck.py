"""Known vulnerabilities, from govulncheck. It asks a database over the network, so it runs only when it is asked for.

GOVULNDB names another database, also one of files (file:///…).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from steadygo.errors import ToolMissing, UserError
from steadygo.tools.run import Outcome, run


class Vulnerability(NamedTuple):
    """One entry of the database that touches a module. `called`: the code reaches it; `fixed` is "" where no version is."""

    identifier: str
    summary: str
    module: str
    version: str
    fixed: str
    called: bool


def find(directory: Path, environment: Mapping[str, str]) -> list[Vulnerability]:
    """The vulnerabilities of a module's packages, each once. Raises UserError, ToolMissing."""
    program = shutil.which("govulncheck", path=environment.get("PATH"))
    if program is None:
        raise ToolMissing("govulncheck is not installed.", "go install golang.org/x/vuln/cmd/govulncheck@latest")
    database = ["-db", environment["GOVULNDB"]] if environment.get("GOVULNDB") else []
    ran = run([program, *database, "-format", "json", "./..."], directory=directory, environment=environment, timeout_seconds=600.0)
    if ran.outcome is not Outcome.OK:
        raise UserError(f"govulncheck failed: {ran.complaint}", "Run it by hand in the module's directory to see more.")
    summaries: dict[str, str] = {}
    found: dict[tuple[str, str], Vulnerability] = {}
    for entry in _entries(ran.text):
        if osv := entry.get("osv"):
            summaries[str(osv.get("id"))] = str(osv.get("summary", ""))
        elif finding := entry.get("finding"):
            trace = finding.get("trace") or [{}]
            key = str(finding.get("osv")), str(trace[0].get("module", ""))
            called = "function" in trace[0] or (key in found and found[key].called)
            place = str(trace[0].get("version", "")), str(finding.get("fixed_version", ""))
            found[key] = Vulnerability(key[0], summaries.get(key[0], ""), key[1], *place, called)
    return sorted(found.values())


def _entries(text: str) -> list[dict[str, Any]]:
    decoder = json.JSONDecoder()
    entries = []
    text = text.strip()
    while text:
        try:
            entry, end = decoder.raw_decode(text)
        except ValueError:
            raise UserError("govulncheck's answer cannot be read.", "Update govulncheck.") from None
        if isinstance(entry, dict):
            entries.append(entry)
        text = text[end:].lstrip()
    return entries
