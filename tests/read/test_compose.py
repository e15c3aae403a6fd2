"""Compose files."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.workloads import Container, Workload
from steadygo.read import compose
from steadygo.read.compose_text import folded, port_pairs

FULL = b"""\
x-common: &common
  restart: unless-stopped
  environment: &env
    LOG: info
services:
  orders:
    <<: *common
    image: ${REGISTRY:-ghcr.io/acme}/orders:${TAG:-1.2}
    build:
      context: ../..
      dockerfile: build/Dockerfile
      target: final
    entrypoint: ["/orders"]
    command: serve --addr ":8080"
    environment:
      <<: *env
      DATABASE_URL: postgres://u:${PASSWORD}@db/orders
      TOKEN:
      MODE: ${MODE}
    env_file: [.env, {path: prod.env, required: false}]
    ports:
      - "127.0.0.1:8080-8081:80-81"
      - target: 9090
        published: "9091"
        protocol: udp
    expose: ["7070"]
    deploy:
      replicas: 3
      update_config: {parallelism: 1, order: start-first}
      resources:
        limits: {memory: 512M, cpus: "0.5"}
        reservations: {memory: 64m}
    healthcheck:
      test: curl -f localhost:8080/healthz || exit 1
      interval: 1m30s
      retries: 5
    volumes:
      - ./data:/data:ro
      - cache:/cache
      - {type: tmpfs, target: /scratch, tmpfs: {size: 64m}}
    tmpfs: /run:size=16m
    stop_grace_period: 45s
    stop_signal: SIGINT
    user: "1000:1000"
    read_only: true
    depends_on: {db: {condition: service_healthy}}
    profiles: [full]
  db:
    extends: base
    mem_limit: 1g
    environment: [A=1, PASSTHROUGH]
  base:
    image: postgres:17
    environment: {A: "0", B: two}
    healthcheck: {disable: true}
"""


def workload(name: str, path: str = "deploy/local/compose.yaml", data: bytes = FULL) -> Workload:
    return next(w for w in compose.read(path, data).workloads if w.name == name)


def container(name: str, data: bytes = FULL) -> Container:
    return workload(name, data=data).containers[0]


def test_reads_every_field_of_a_service() -> None:
    found, c = workload("orders"), container("orders")
    assert c.image is not None and (c.image.value, c.image.line) == ("ghcr.io/acme/orders:1.2", 8)
    assert c.build is not None and c.build.value == ""
    assert c.dockerfile is not None and c.dockerfile.value == "build/Dockerfile"
    assert c.build_target == "final"
    assert c.command == ("/orders",)
    assert c.args == ("serve", "--addr", ":8080")
    assert found.replicas is not None and found.replicas.value == 3
    assert found.strategy is not None and found.strategy.value == "start-first"
    assert found.grace is not None and found.grace.value == 45
    assert found.restart is not None and found.restart.value == "unless-stopped"
    assert c.memory_limit is not None and c.memory_limit.value == 512 * 1024**2
    assert c.cpu_limit is not None and c.cpu_limit.value == 0.5
    assert c.memory_request is not None and c.memory_request.value == 64 * 1024**2
    assert c.stop_signal is not None and c.stop_signal.value == "SIGINT"
    assert c.user is not None and c.user.value == "1000:1000"
    assert c.read_only_root
    assert found.depends_on == ("db",)
    assert found.profiles == ("full",)


def test_variables_say_where_they_come_from() -> None:
    found = {v.name: (v.value, v.source) for v in container("orders").variables}
    assert found == {
        "LOG": ("info", ""),
        "DATABASE_URL": ("postgres://u:${PASSWORD}@db/orders", "expression"),
        "TOKEN": (None, "host"),
        "MODE": (None, "host"),
    }
    assert [t.value for t in container("orders").variables_from] == ["file:deploy/local/.env", "file:deploy/local/prod.env"]


def test_ports_of_both_syntaxes_and_ranges() -> None:
    ports = [(p.number, p.published, p.protocol) for p in container("orders").ports]
    assert ports == [(80, 8080, "TCP"), (81, 8081, "TCP"), (9090, 9091, "UDP"), (7070, 0, "TCP")]
    assert port_pairs("8080") == [(8080, 0, "TCP")]
    assert port_pairs("[::1]:53:53/udp") == [(53, 53, "UDP")]


def test_healthcheck_as_a_shell_line() -> None:
    (probe,) = container("orders").probes
    assert probe.words == ("/bin/sh", "-c", "curl -f localhost:8080/healthz || exit 1")
    assert (probe.period, probe.timeout, probe.failures) == (90, 30, 5)
    assert container("base").probes == ()


def test_mounts_keep_their_size() -> None:
    mounts = [(m.path, m.kind, m.size, m.read_only) for m in container("orders").mounts]
    assert mounts == [
        ("/data", "bind", 0, True),
        ("/cache", "volume", 0, False),
        ("/scratch", "tmpfs", 64 * 1024**2, False),
        ("/run", "tmpfs", 16 * 1024**2, False),
    ]


def test_extends_in_the_same_file() -> None:
    c = container("db")
    assert c.image is not None and c.image.value == "postgres:17"
    assert {v.name: v.value for v in c.variables} == {"A": "1", "B": "two", "PASSTHROUGH": None}
    assert c.memory_limit is not None and c.memory_limit.value == 1024**3


def test_extends_that_goes_round_ends() -> None:
    found = compose.read("compose.yaml", b"services:\n  a: {extends: b, image: x}\n  b: {extends: a}\n")
    assert len(found.workloads) == 2 and found.gaps


def test_the_files_name_is_the_environment() -> None:
    names = {
        "compose.yaml": "",
        "docker-compose.yml": "",
        "docker-compose.override.yml": "override",
        "compose.prod.yaml": "prod",
        "docker-compose-ci.yml": "ci",
        "stack.yml": "stack",
    }
    assert {name: compose.variant(f"deploy/{name}") for name in names} == names


def test_defaults_fold_and_a_dollar_can_be_escaped() -> None:
    assert folded("${A:-${B:-x}}/$$HOME/${C}") == "x/$HOME/${C}"
    assert folded("${A") == "${A"


@given(st.lists(st.tuples(st.integers(0, len(FULL) - 1), st.binary(max_size=4)), max_size=6))
@settings(max_examples=150, deadline=None)
def test_never_raises_on_a_mutated_file(edits: list[tuple[int, bytes]]) -> None:
    data = FULL
    for position, text in edits:
        data = data[:position] + text + data[position + len(text) + 1 :]
    compose.read("compose.yaml", data)
