"""A message of the wrong shape reaches the middle of the service before anybody notices: its edge takes `any`.

An exported interface by which messages enter (a handler, consumer, processor) has a method whose payload is `any`. The compiler cannot say
who sends what, no contract test can list the shapes, and the failure is a type assertion deep inside, at run time, for one kind of message.

Interfaces that carry values for others by design (encoders, loggers, caches, containers) do not count, nor do variadic `...any` and type
parameters, which give each use a type of its own.

Fix: take a type that says what the message is: a struct, an interface with a method, or a type parameter with a constraint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_EDGE = re.compile(r"(?:Handler|Consumer|Processor|Subscriber|Dispatcher|Endpoint|UseCase|Usecase|Executor|Worker|Listener|Receiver)\Z")
_ASIDE = re.compile(r".*(?:Error|Panic|Recover|Log)\w*Handler\Z")  # they get what failed, whatever it was
_TAKES = re.compile(r"(?:Handle|Process|Consume|Dispatch|Execute|Receive|On[A-Z]|Do\Z|Run\Z|Serve|Invoke|Call\Z)\w*")
_ANYTHING = re.compile(r"(?:^|[\s,(])(?:any|interface ?\{\s*\})(?=\s*[,)]|\Z)")


def check(facts: Repository) -> Iterator[Finding]:
    for file in facts.go.files:
        if file.is_test or file.generated or not facts.ships(file.path):
            continue
        for declared in file.types:
            if (
                declared.kind != "interface"
                or not declared.name[:1].isupper()
                or not _EDGE.search(declared.name)
                or _ASIDE.match(declared.name)
            ):
                continue
            for method in declared.fields:
                if _TAKES.match(method.name) and _ANYTHING.search(_parameters(method.type).replace("...", "…")):
                    yield Finding(
                        f"{declared.name}.{method.name} takes any value: nothing says what a message must be",
                        Place(file.path, method.line),
                        fix="Take a type that says what the message is: a struct, or an interface with a method.",
                        service=next((s.name for s in facts.services if not s.tool and s.has(file.directory)), ""),
                    )


def _parameters(signature: str) -> str:
    """The first bracket of `(ctx context.Context, payload any) (any, error)`."""
    depth = 0
    start = signature.find("(")
    for at in range(max(start, 0), len(signature)):
        depth += {"(": 1, ")": -1}.get(signature[at], 0)
        if depth == 0:
            return signature[start + 1 : at]
    return signature[start + 1 :]


_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport _ "example.com/orders/worker"\n\nfunc main() {}\n',
}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go",),
    fails=(
        {
            **_TREE,
            "worker/worker.go": """package worker

import "context"

type Handler interface {
	Handle(ctx context.Context, payload any) (any, error) // want
}

type Consumer interface {
	Consume(interface{}) error // want
	Close() error
}
""",
        },
    ),
    passes=(
        {
            **_TREE,
            "worker/worker.go": """package worker

import "context"

type Order struct{}

type Handler interface {
	Handle(ctx context.Context, order Order) (any, error)
	HandleAll(orders ...any) error
}

type Encoder interface {
	Encode(v any) error
}

type handler interface {
	Handle(payload any) error
}

type Processor[T any] interface {
	Process(message T) error
}
""",
        },
        {**_TREE, "examples/worker.go": "package worker\n\ntype Handler interface {\n\tHandle(any) error\n}\n"},
    ),
)
