"""Go files to read: a head of imports, and what a test is about below it."""

from __future__ import annotations

from steadygo.facts.go import Call, GoFile
from steadygo.read.go import read

HEAD = """package main

import (
	"context"
	"database/sql"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"gopkg.in/yaml.v3"
	other "example.com/x/y"
	_ "github.com/lib/pq"
)

"""


def file(body: str, path: str = "cmd/orders/main.go") -> GoFile:
    """A file with these declarations below HEAD; nothing of it is left unread."""
    found = read(path, (HEAD + body).encode())
    assert found.gaps == ()
    return found


def inside(body: str) -> GoFile:
    """The same with these statements in a function."""
    return file("func f(ctx context.Context) error {\n" + body + "\n}\n")


def call(found: GoFile, name: str) -> Call:
    """The only call of that name."""
    [one] = [c for c in found.calls if c.name == name]
    return one


def names(found: GoFile) -> list[str]:
    """The names of its calls."""
    return [c.name for c in found.calls]
