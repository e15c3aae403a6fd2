"""Where services run, and what they are given there."""

from __future__ import annotations

from collections.abc import Mapping

from steadygo.facts.gomemory import byte_count
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import Runtime, shipped_runtimes
from steadygo.facts.settings import Settings
from steadygo.read.dispatch import read_artefacts
from steadygo.read.recognise import recognise
from steadygo.scan.assemble import assemble

BASE = {
    "go.mod": "module example.com/orders\n\ngo 1.25\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "Dockerfile": "FROM golang:1.25 AS build\nRUN go build -o /orders .\nFROM alpine\nCOPY --from=build /orders /\n"
    'ENTRYPOINT ["/orders"]\n',
}


def repository(tree: Mapping[str, str]) -> Repository:
    artefacts = []
    for path, text in sorted(tree.items()):
        kind = recognise(path, text.encode(), frozenset(tree))
        artefacts += read_artefacts(path, text.encode(), kind) if kind else ()
    return assemble("orders", Settings(), artefacts, (), frozenset(tree))


def places(tree: Mapping[str, str]) -> list[Runtime]:
    return [runtime for _, runtime in shipped_runtimes(repository({**BASE, **tree}))]


def test_leaves_out_containers_that_run_another_program() -> None:
    text = "services:\n  orders:\n    build: .\n  backup:\n    build: .\n    entrypoint: [tar, cf, /backup.tar, /data]\n"
    assert [r.label for r in places({"compose.yaml": text})] == ["compose service orders"]


def test_takes_what_a_start_script_sets() -> None:
    image = BASE["Dockerfile"].replace('["/orders"]', '["/start.sh"]')
    script = "#!/bin/sh\nexport GOMEMLIMIT=400MiB\nexport TOKEN=$(cat /run/token)\nexec /orders\n"
    found = places({"Dockerfile": image, "start.sh": script, "compose.yaml": "services:\n  orders:\n    build: .\n"})
    assert found[0].variables["GOMEMLIMIT"].value == "400MiB"
    assert found[0].variables["TOKEN"].value is None


def test_knows_both_limits_of_a_unit() -> None:
    (found,) = places({"orders.service": "[Service]\nExecStart=/usr/bin/orders\nMemoryHigh=400M\nMemoryMax=512M\nCPUQuota=150%\n"})
    assert found.high is not None and found.high[0] == 400 << 20
    assert found.memory is not None and found.memory[0] == 512 << 20
    assert found.cpus is not None and found.cpus[0] == 1.5


def test_ships_the_program_that_an_entry_point_is_given() -> None:
    image = (
        "FROM golang:1.25 AS build\nRUN go build -o /bin/entry ./cmd/entry && go build -o /bin/orders ./cmd/orders\nFROM alpine\n"
        'COPY --from=build /bin/entry /bin/orders /bin/\nENTRYPOINT ["/bin/entry"]\nCMD ["orders", "serve"]\n'
    )
    main = BASE["main.go"]
    tree = {"go.mod": BASE["go.mod"], "cmd/entry/main.go": main, "cmd/orders/main.go": main, "Dockerfile": image}
    assert {s.name for s in repository(tree).services if s.images} == {"entry", "orders"}


def test_reads_sizes_as_the_runtime_does() -> None:
    assert byte_count("512MiB") == 512 << 20 and byte_count("1073741824") == 1 << 30 and byte_count("100B") == 100
    assert byte_count("off") == float("inf") and byte_count("") == float("inf")
    assert all(
        byte_count(t) is None for t in ("512Mi", "512M", "512MB", "1.5GiB", "512 MiB", "-1", "512mib", "1EiB", "9223372036854775808")
    )
