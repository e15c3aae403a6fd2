"""Compose variants joined with their base."""

from __future__ import annotations

from steadygo.facts.compose_variants import with_bases
from steadygo.read import compose

BASE = b"services:\n  orders:\n    image: acme/orders\n    environment: {LOG: info, A: b}\n    mem_limit: 1g\n    ports: ['80:80']\n"
PROD = b"services:\n  orders:\n    environment: {LOG: warn}\n    deploy: {replicas: 3}\n  other: {image: x}\n"


def test_a_variants_service_has_what_its_base_says() -> None:
    files = with_bases([compose.read("compose.yaml", BASE), compose.read("compose.prod.yaml", PROD)])
    orders, other = files[1].workloads
    (container,) = orders.containers
    assert orders.environment == "prod" and orders.replicas is not None
    assert container.image is not None and (container.image.value, container.image.path) == ("acme/orders", "compose.yaml")
    assert {v.name: (v.value, v.path) for v in container.variables} == {"LOG": ("warn", ""), "A": ("b", "compose.yaml")}
    assert container.memory_limit is not None and container.memory_limit.path == "compose.yaml"
    assert other.containers[0].memory_limit is None


def test_other_directories_are_no_base() -> None:
    files = with_bases([compose.read("a/compose.yaml", BASE), compose.read("b/compose.prod.yaml", PROD)])
    assert files[1].workloads[0].containers[0].image is None
