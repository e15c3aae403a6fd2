"""Handlers by their signature, and contexts in scope."""

from __future__ import annotations

from steadygo.facts.gocode import GoCode
from steadygo.facts.requestscope import context_at, handler_at, serves_requests
from steadygo.read.go import read

SOURCE = """package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
)

func handle(w http.ResponseWriter, r *http.Request) { first(); func() { inner() }() }
func gins(c *gin.Context) { bound(nil) }
func first() { second() }
func second() { third() }
func third() { far() }
func bound(ctx context.Context) { work() }
func idle(_ context.Context) { rest() }
func open() {
	if db != nil {
		return
	}
	dial()
}
func again(w http.ResponseWriter, r *http.Request) { open() }
"""


def test_finds_the_context_and_the_handler_around_a_call() -> None:
    file = read("web/web.go", SOURCE.encode())
    code = GoCode([file], [])
    at = {call.name: call.block for call in file.calls}
    assert context_at(code, file, at["inner"]) == "r.Context()"
    assert context_at(code, file, at["bound"]) == "c.Request.Context()"
    assert context_at(code, file, at["work"]) == "ctx"
    assert context_at(code, file, at["rest"]) == ""
    assert handler_at(code, file, at["inner"]) is file.functions[0]
    assert handler_at(code, file, at["second"]) is None


def test_follows_handlers_two_calls_deep_and_stops_at_what_runs_once() -> None:
    file = read("web/web.go", SOURCE.encode())
    code = GoCode([file], [])
    at = {call.name: call.block for call in file.calls}
    assert serves_requests(code, file, at["second"])
    assert serves_requests(code, file, at["third"])
    assert not serves_requests(code, file, at["far"])
    assert not serves_requests(code, file, at["dial"])
