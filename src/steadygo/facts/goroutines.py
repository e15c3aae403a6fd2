"""Goroutines of a repository: where each is started and what it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import serves_requests

_GROUPS = ("golang.org/x/sync/errgroup.Group.Go", "sync.WaitGroup.Go")
_ONCE = re.compile(r"(?i)start|running|init|once|== nil")


@dataclass(frozen=True)
class Goroutine:
    """`call` starts it in `file`; `function` in `code_file` is what runs. `group`: it is started by errgroup or WaitGroup.Go."""

    file: GoFile
    call: Call
    code_file: GoFile
    function: Function
    group: bool = False

    @property
    def is_closure(self) -> bool:
        return not self.function.name


def goroutines(facts: Repository) -> list[Goroutine]:
    """Those in shipped files whose code is in the repository and known: closures, and functions that one declaration fits."""
    known = facts.go.memo.get("goroutines")
    if known is None:
        known = facts.go.memo["goroutines"] = _all(facts)
    return cast("list[Goroutine]", known)


def _all(facts: Repository) -> list[Goroutine]:
    found: list[Goroutine] = []
    for file in facts.go.files:
        if file.is_test or file.generated or not facts.ships(file.path):
            continue
        view = body(facts.go, file)
        for call in file.calls:
            if call.mode == "go":
                if not call.name and not call.receiver:
                    start = next((b for b in view.blocks(call.block, "closure") if file.blocks[b].parent == call.block), None)
                    if start is not None:
                        found.append(Goroutine(file, call, file, view.functions[start]))
                    continue
                targets = facts.go.callees(file, call)
                if len(targets) == 1 and not targets[0][0].generated:
                    found.append(Goroutine(file, call, *targets[0]))
            elif call.receiver and call.name.endswith(".Go") and call.args and call.args[0].startswith("func("):
                if facts.go.resolved(file, call).name not in _GROUPS:
                    continue
                after = [b for b in view.blocks(call.block, "closure") if file.blocks[b].parent == call.block]
                start = next((b for b in after if (file.blocks[b].line, file.blocks[b].column) > (call.line, call.column)), None)
                if start is not None:
                    found.append(Goroutine(file, call, file, view.functions[start], group=True))
    return found


def started_often(facts: Repository, goroutine: Goroutine) -> str:
    """Why more and more of it may be started: "for each request", "for each round of an endless loop"; "" where nothing shows that."""
    file, call = goroutine.file, goroutine.call
    view = body(facts.go, file)
    outer = facts.go.declared_function_at(file, call.block)
    if outer is not None and any(c.name.rpartition(".")[2] in ("Do", "OnceFunc", "DoChan") for c in view.calls(outer.block)):
        return ""
    if any(file.blocks[b].kind == "if" and _ONCE.search(file.blocks[b].text) for b in view.chain(call.block)):
        return ""
    loop = view.loop_around(file.blocks[call.block].parent if file.blocks[call.block].kind == "go" else call.block)
    if loop is not None and view.is_endless(loop):
        return "for each round of an endless loop"
    return "for each request" if serves_requests(facts.go, file, call.block) else ""
