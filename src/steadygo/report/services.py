"""The joins of a repository for people: each service's chain, why each link holds, and what could not be joined."""

from __future__ import annotations

from collections.abc import Sequence

from steadygo.findings import NotKnown
from steadygo.report.escaping import clean
from steadygo.report.grouping import counted
from steadygo.scan.result import ScannedService


def render(services: Sequence[ScannedService], not_joined: Sequence[NotKnown]) -> str:
    """Services that ship first, then tools on one line each, then the joins that could not be made."""
    lines: list[str] = []
    for service in services:
        if service.tool:
            continue
        main = "no main package here" if service.main is None else clean(service.main or ".")
        lines += [f"{clean(service.name)}  {main}"]
        for join in service.joins:
            lines.append(f"  {join.kind:<10} {clean(join.right.path)}:{join.right.line}")
            lines.append(f"             because {clean(join.why)}")
        if not service.joins:
            lines.append("             nothing here builds, ships or starts it")
        lines.append("")
    tools = [s for s in services if s.tool]
    if tools:
        lines.append(f"{counted(len(tools), 'main package')} that nothing here ships:")
        lines += [f"  {clean(s.main or '.')}" for s in tools] + [""]
    if not_joined:
        lines.append("Not joined:")
        lines += [f"  {clean(n.at.path)}:{n.at.line}  {clean(n.message)}" for n in not_joined] + [""]
    lines.append("State what is missing in steadygo.toml: [[services]] name, main, images, units, workloads.")
    return "\n".join(lines) + "\n"
