"""A service's way into production as the reports draw it: code, build, image, unit or workload, probes, alerts."""

from __future__ import annotations

import posixpath

from steadygo.facts.naming import main_place
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Place
from steadygo.scan.result import Link, Node, ScannedService

_BUILT = {"image": "in the image", "pipeline": "in CI", "makefile": "by make", "script": "by script", "release": "by release"}


def scanned(repository: Repository, service: Service) -> ScannedService:
    """`service` as a report shows it."""
    nodes: list[Node] = []
    if service.main is not None:
        main = main_place(repository.go.packages[service.main])
        paths = tuple(sorted(f.path for d in service.packages if (p := repository.go.packages.get(d)) for f in p.files))
        nodes.append(Node("code", service.main or service.name, main, paths))
    nodes += [Node("build", _BUILT[b.origin], b.at) for b in service.builds]
    nodes += [Node("image", i.image.path, Place(i.image.path, i.final.line)) for i in service.images]
    for unit in service.units:
        paths = tuple(dict.fromkeys(d.path for d in unit.directives if d.path and d.path != unit.path))
        nodes.append(Node("unit", unit.name, Place(unit.path), paths))
    for running in service.running:
        workload = running.workload
        where = f" ({workload.environment})" if workload.environment else ""
        held = (*running.container.variables, *running.container.variables_from, running.container.memory_limit, workload.grace)
        paths = tuple(sorted({fact.path for fact in held if fact is not None and fact.path} - {workload.path}))
        nodes.append(Node("workload", f"{workload.kind} {workload.name}{where}", Place(workload.path, workload.line), paths))
    for running in service.running:
        for probe in running.container.probes:
            target = probe.path or " ".join(probe.words)[:40] or probe.port
            nodes.append(Node("probe", f"{probe.kind} {target}".strip(), Place(running.workload.path, probe.line)))
    nodes += [Node("alert", posixpath.basename(a.path), Place(a.path)) for a in repository.alerts]
    links = tuple(Link(j.kind, j.left, j.right, j.why) for j in service.joins)
    return ScannedService(service.name, service.main, tuple(dict.fromkeys(nodes)), links, service.tool)
