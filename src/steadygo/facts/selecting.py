"""Which Kubernetes Service sends traffic to a workload's pods."""

from __future__ import annotations

from dataclasses import dataclass

from steadygo.facts.repository import Repository
from steadygo.facts.workloads import Container, NetworkService, Workload
from steadygo.findings import Place

_PODS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout", "ReplicaSet")


@dataclass(frozen=True)
class Selected:
    """A Service that selects a workload's pods."""

    name: str
    at: Place
    fact: NetworkService


def services_of(repository: Repository, workload: Workload) -> list[Selected]:
    """Services whose selector matches `workload`, of its environment when it has one there."""
    if workload.kind not in _PODS:
        return []
    labels = set(workload.labels)
    found = [
        s
        for s in repository.network_services
        if s.selector and set(s.selector) <= labels and (not s.namespace or not workload.namespace or s.namespace == workload.namespace)
    ]
    near = [s for s in found if s.environment == workload.environment] or [s for s in found if not s.environment]
    return [Selected(s.name, Place(s.path, s.line), s) for s in near]


def service_of(repository: Repository, workload: Workload) -> Selected | None:
    """The first of them."""
    return next(iter(services_of(repository, workload)), None)


def target_ports(selected: Selected, container: Container) -> set[int]:
    """Numbers of the container's ports that the Service leads to."""
    named = {p.name: p.number for p in container.ports if p.name}
    found: set[int] = set()
    for _, port, target, _ in selected.fact.ports:
        if target.isdigit():
            found.add(int(target))
        elif target in named:
            found.add(named[target])
        elif not target:
            found.add(port)
    return found
