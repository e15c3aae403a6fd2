"""A setting has no effect: the variable is set where the service runs, but the program reads another name.

A misspelt variable is silent: the program takes its default, and what an operator changes in the manifest changes nothing. It shows
when somebody raises a limit in an incident and nothing happens.

With a similar name that the code reads and this place does not set, it is reported as a likely misspelling; when the names share all
words but one as a hazard, otherwise as a note. Left out are variables that libraries, the Go runtime or the platform read by
themselves, names that stand anywhere in the service's code or start scripts, and services that make up names at run time. What an image
sets is reported only as a misspelling.

Fix: write the name as the code reads it, or remove the variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.environment_names import given_by_platform, read_by_others
from steadygo.facts.environment_reads import Read, Reads, environment_reads, mentions
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import Given, Runtime, shipped_runtimes
from steadygo.findings import Because, Confidence, Finding, NotKnown, Severity, because
from steadygo.rules.rule import Rule

_SEPARATORS = re.compile(r"[^A-Z0-9]")


def check(facts: Repository) -> Iterator[Finding | NotKnown]:
    seen = set()
    hidden = set()
    alike: dict[tuple[str, str], list[Read]] = {}
    scripts = {s.path for s in facts.scripts}
    for service, runtime in shipped_runtimes(facts):
        reads = environment_reads(facts, service)
        if not reads.reads and not reads.unseen:
            continue
        for given in runtime.variables.values():
            if (
                given.at in seen
                or given.at.path in scripts
                or given.name in reads.names
                or read_by_others(given.name)
                or _used_beside(runtime, given)
            ):
                continue
            blind = next((u for u in reads.unseen if given.name.startswith(u.prefix)), None)
            if (service.name, given.name) not in alike:
                alike[service.name, given.name] = _alike(given.name, reads)
            near = _nearest(alike[service.name, given.name], runtime)
            if mentions(facts, service, given.name) or (blind is not None and near is None):
                if blind is not None and service.name not in hidden and not mentions(facts, service, given.name):
                    hidden.add(service.name)
                    yield NotKnown(f"whether {service.name} reads {given.name} cannot be seen: {blind.why}", blind.at, service.name)
                continue
            seen.add(given.at)
            if near is not None:
                proof = because(near.at, f"the program reads {near.name}")
                yield Finding(
                    f"{given.name} has no effect in {runtime.label}: {service.name} reads {near.name}",
                    given.at,
                    (proof,),
                    f"Write {near.name}.",
                    service.name,
                    confidence=None if blind is None else Confidence.GUESS,
                    severity=None if blind is None else Severity.HAZARD,
                )
            elif given.by != "the image":
                yield _note(service.name, given, _hint(given.name, reads, runtime), reads)


def _note(service: str, given: Given, hint: Read | None, reads: Reads) -> Finding:
    first = hint or (reads.reads[0] if reads.reads else None)
    proofs = (Because(first.at.path, first.at.line, f"the program reads {first.name} here"),) if first else ()
    message = f"nothing in {service} reads {given.name}, which {given.by} sets" + (
        f"; the nearest that it reads is {hint.name}" if hint else ""
    )
    fix = f"Write {hint.name}, or remove it." if hint else "Remove it, or read it."
    severity = Severity.HAZARD if hint else Severity.NOTE
    return Finding(message, given.at, proofs, fix, service, severity=severity, confidence=Confidence.GUESS)


def _hint(name: str, reads: Reads, runtime: Runtime) -> Read | None:
    """A read that is not set here and whose words are those of `name` but one: DB_POOL_SIZE and DB_MAX_POOL_SIZE."""
    words = set(name.split("_"))
    for read in sorted(reads.reads, key=lambda r: r.name):
        others = set(read.name.split("_"))
        common = len(words & others)
        close = common >= 2 and len(words ^ others) <= (2 if common > 2 else 1) and not _numbered(name, read.name)
        if close and read.name not in runtime.variables and not read_by_others(read.name):
            return read
    return None


def _nearest(near: list[Read], runtime: Runtime) -> Read | None:
    return next((r for r in near if r.name not in runtime.variables), None)


def _alike(name: str, reads: Reads) -> list[Read]:
    """Reads whose names are the same as `name` but for separators, one or two letters, nearest first."""
    plain = _SEPARATORS.sub("", name.upper())
    found: list[tuple[int, Read]] = []
    for read in {r.name: r for r in reversed(reads.reads)}.values():
        other = _SEPARATORS.sub("", read.name.upper())
        least = min(len(plain), len(other))
        if abs(len(plain) - len(other)) > 2 or least < 6 or len(set(plain) ^ set(other)) > 3:
            continue
        letters = 0 if plain == other else _letters_between(plain, other)
        if letters > (1 if least < 10 else 2) or (letters and _numbered(plain, other)):
            continue
        if not given_by_platform(read.name) and not read_by_others(read.name):
            found.append((letters, read))
    return [r for _, r in sorted(found, key=lambda pair: (pair[0], pair[1].name))]


def _numbered(a: str, b: str) -> bool:
    """Whether the two differ in digits only: REPLICA1 and REPLICA2 are two things."""
    return re.sub(r"\d", "", a) == re.sub(r"\d", "", b)


def _letters_between(a: str, b: str) -> int:
    """Letters to insert, remove, change or swap to make `a` into `b`."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                least = min(least, older[j - 2] + 1)
            row.append(least)
    return row[-1]


def _used_beside(runtime: Runtime, given: Given) -> bool:
    """Whether the container's own command, arguments or other values use the variable."""
    words: list[str] = []
    if runtime.running is not None:
        container = runtime.running.container
        words += [*(container.command or ()), *(container.args or ()), *(w for p in container.probes for w in p.words)]
    if runtime.unit is not None:
        words += [d.value for d in runtime.unit.directives if d.name.startswith("Exec")]
    words += [v.value for v in runtime.variables.values() if v.value and v.name != given.name]
    return any(re.search(rf"\$[({{]?{re.escape(given.name)}\b", w) for w in words)


_GO_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_MAIN = 'package main\n\nimport (\n\t"log"\n\t"os"\n)\n\n'
_IMAGE = {
    "Dockerfile": "FROM golang:1.25 AS build\nRUN go build -o /orders .\nFROM scratch\nCOPY --from=build /orders /\n"
    'ENTRYPOINT ["/orders"]\n',
}
_POD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    spec:
      containers:
        - name: orders
          image: example.com/orders
          env:
"""
_CODE = {
    **_GO_MOD,
    **_IMAGE,
    "main.go": _MAIN + 'func main() {\n\tlog.Print(get("OUTBOX_BATCH_SIZE", "50"), get("OUTBOX_INTERVAL", "2s"))\n}\n\n'
    'func get(key, fallback string) string {\n\tif v := os.Getenv(key); v != "" {\n\t\treturn v\n\t}\n\treturn fallback\n}\n',
}

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_CODE, "deploy/orders.yaml": _POD + "            - {name: OUTBOX_BATCHSIZE, value: '200'} # want\n"},
        {**_CODE, "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nEnvironment=OUTBOX_INTERVALL=1s\n"},
        {
            **_CODE,
            "compose.yaml": "services:\n  orders:\n    build: .\n    env_file: orders.env\n",
            "orders.env": "OUTBOX_INTERVAL=1s\n# want below\nOUTBOX_BACTH_SIZE=20\n",
        },
        {**_CODE, "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      REPLICA_COLOUR: blue # want\n"},
        {**_CODE, "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nEnvironment=OUTBOX_MAX_BATCH_SIZE=9\n"},
    ),
    passes=(
        {
            **_CODE,
            "deploy/orders.yaml": _POD
            + "            - {name: OUTBOX_BATCH_SIZE, value: '200'}\n            - {name: OTEL_SERVICE_NAME, value: orders}\n"
            + "            - {name: GOMAXPROCS, value: '2'}\n            - {name: TZ, value: UTC}\n",
        },
        {
            **_CODE,
            "deploy/orders.yaml": _POD + "            - {name: LISTEN_AT, value: ':8080'}\n          args: ['-listen', '$(LISTEN_AT)']\n",
        },
        {
            **_CODE,
            "settings.go": 'package main\n\nvar known = map[string]string{"REPLICA_COLOUR": "red"}\n',
            "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      REPLICA_COLOUR: blue\n",
        },
        {
            **_CODE,
            "main.go": _MAIN + 'func main() {\n\tfor _, n := range os.Args {\n\t\tlog.Print(os.Getenv("ORDERS_" + n))\n\t}\n}\n',
            "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      ORDERS_COLOUR: blue\n",
        },
        {**_CODE, "compose.yaml": "services:\n  db:\n    image: postgres:17\n    environment:\n      OUTBOX_BATCHSIZE: blue\n"},
        {
            **_CODE,
            "Dockerfile": _IMAGE["Dockerfile"].replace("ENTRY", "ENV SCRATCH_FOLDER=/data\nENTRY"),
            "compose.yaml": "services:\n  orders:\n    build: .\n",
        },
    ),
)
