"""Functions that answer requests, and which context is in scope where, by their signatures."""

from __future__ import annotations

import re
from typing import cast

from steadygo.facts.go import Function, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.gocode import GoCode

_REQUEST = "*net/http.Request"
_WRITER = "net/http.ResponseWriter"
_FRAMEWORKS = re.compile(
    r"\*?(?:github\.com/gin-gonic/gin\.Context|github\.com/labstack/echo(?:/v\d+)?\.Context|github\.com/gofiber/fiber(?:/v\d+)?\.Ctx"
    r"|github\.com/valyala/fasthttp\.RequestCtx|github\.com/cloudwego/hertz/pkg/app\.RequestContext)\Z"
)
_DONE = re.compile(r"(?i)(?<!err) != nil\Z|start|running|init|once|loaded")


def is_handler(function: Function) -> bool:
    """Whether its parameters are those of an HTTP handler: (ResponseWriter, *Request, …) or a framework's context."""
    types = [kind for _, kind in function.params]
    if _WRITER in types and _REQUEST in types:
        return True
    return any(_FRAMEWORKS.match(kind) for kind in types)


def handler_at(code: GoCode, file: GoFile, block: int) -> Function | None:
    """The handler whose code `block` is: the innermost function with a handler's signature, other closures in it included."""
    functions = body(code, file).functions
    while block > 0:
        function = functions.get(block)
        if function is not None and is_handler(function):
            return function
        block = file.blocks[block].parent
    return None


def serves_requests(code: GoCode, file: GoFile, block: int) -> bool:
    """Whether `block` runs for each request: in a handler, or in a function that handlers call (two calls deep).

    What a function does only once (sync.Once, or after a check that returns when it was done) does not.
    """
    if handler_at(code, file, block) is not None:
        return True
    function = code.declared_function_at(file, block)
    return function is not None and not _runs_once(code, file, function, block) and _called_by_handler(code, file, function, 2)


def _runs_once(code: GoCode, file: GoFile, function: Function, at: int) -> bool:
    view = body(code, file)
    if any(call.name.rpartition(".")[2] in ("Do", "OnceFunc", "OnceValue") for call in view.calls(function.block)):
        return True
    for block in view.blocks(function.block, "if"):
        found = file.blocks[block]
        leaves = any(jump.kind == "return" and jump.block == block for jump in view.jumps(block))
        if leaves and not view.within(at, block) and _DONE.search(found.text):
            return True
    return False


def _called_by_handler(code: GoCode, file: GoFile, function: Function, steps: int) -> bool:
    known = cast("dict[tuple[str, int, int], bool]", code.memo.setdefault("called by handlers", {}))
    key = (file.path, function.block, steps)
    found = known.get(key)
    if found is None:
        known[key] = False  # a function that calls itself
        found = known[key] = any(_is_from_handler(code, caller, call.block, steps) for caller, call in code.callers(file, function))
    return found


def _is_from_handler(code: GoCode, file: GoFile, block: int, steps: int) -> bool:
    if file.is_test:
        return False
    if handler_at(code, file, block) is not None:
        return True
    function = code.declared_function_at(file, block)
    return steps > 1 and function is not None and _called_by_handler(code, file, function, steps - 1)


def context_at(code: GoCode, file: GoFile, block: int) -> str:
    """The expression of the context in scope at `block`: a context.Context parameter, or `r.Context()`; "" when there is none.

    Closures see the parameters of the functions around them.
    """
    functions = body(code, file).functions
    while block > 0:
        function = functions.get(block)
        for name, kind in function.params if function is not None else ():
            if name in ("", "_"):
                continue
            if kind == "context.Context":
                return name
            if kind == _REQUEST:
                return f"{name}.Context()"
            if kind == "*github.com/gin-gonic/gin.Context" or (_FRAMEWORKS.match(kind) and "echo" in kind):
                return f"{name}.Request{'()' if 'echo' in kind else ''}.Context()"
        block = file.blocks[block].parent
    return ""
