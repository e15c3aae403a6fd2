"""A service's way into production as the reports draw it: code, build, image, unit or workload, probes, alerts."""

from __future__ import annotations

import posixpath

from steadygo.facts.repository import Repository, Service
from steadygo.findings import Place
from steadygo.scan.result import Link, Node, ScannedService

_BUILT = {"image": "in the image", "pipeline": "in CI", "makefile": "by make", "script": "by script", "release": "by release"}


def scanned(repository: Repository, service: Service) -> ScannedService:
    """`service` as a report shows it."""
    nodes: list[Node] = []
    if service.main is not None:
        main = next((j.left for j in service.joins if j.left.path.endswith(".go")), None) or _main_at(repository, service)
        paths = tuple(sorted(f.path for d in service.packages if (p := repository.go.packages.get(d)) for f in p.files))
        nodes.append(Node("code", service.main or ".", main, paths))
    nodes += [Node("build", _BUILT[b.origin], b.at) for b in service.builds]
    nodes += [Node("image", i.image.path, Place(i.image.path, i.final.line)) for i in service.images]
    for unit in service.units:
        paths = tuple(dict.fromkeys(d.path for d in unit.directives if d.path and d.path != unit.path))
        nodes.append(Node("unit", unit.name, Place(unit.path), paths))
    for running in service.running:
        workload = running.workload
        where = f" ({workload.environment})" if workload.environment else ""
        nodes.append(Node("workload", f"{workload.kind} {workload.name}{where}", Place(workload.path, workload.line)))
    for running in service.running:
        for probe in running.container.probes:
            target = probe.path or " ".join(probe.words)[:40] or probe.port
            nodes.append(Node("probe", f"{probe.kind} {target}".strip(), Place(running.workload.path, probe.line)))
    nodes += [Node("alert", posixpath.basename(a.path), Place(a.path)) for a in repository.alerts]
    links = tuple(Link(j.kind, j.left, j.right, j.why) for j in service.joins)
    return ScannedService(service.name, service.main, tuple(dict.fromkeys(nodes)), links, service.tool)


def _main_at(repository: Repository, service: Service) -> Place:
    package = repository.go.packages[service.main or ""]
    for file in package.files:
        for function in file.functions:
            if function.name == "main":
                return Place(file.path, function.line, function.column)
    return Place(package.files[0].path)
