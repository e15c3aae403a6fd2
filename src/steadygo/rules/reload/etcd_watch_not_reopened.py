"""Settings stop following etcd without a word: the watch ends, and nothing opens it again.

The channel of a watch is closed when the revision was compacted, when the client loses its permission or its context, or when the
server cancels it. A plain `for range` over it then simply ends, the goroutine with it, and the process goes on with the settings of that
moment until somebody restarts it. In a select without `ok` the closed channel is worse: the case is ready for ever and burns a core.

Only watches of go.etcd.io/etcd clients are looked at, etcd itself left out. A loop around the watch or around a caller, a look at Err(),
Canceled or CompactRevision, and a response that is handed on whole count as taking care: errs on the side of silence.

Fix: loop: read the key, watch from its revision + 1 with clientv3.WithRequireLeader, check response.Err(), wait a moment, start again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Block, Call, GoFile
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_WATCH = tuple(
    f"{client}{kind}.Watch"
    for client in ("go.etcd.io/etcd/client/v3.", "go.etcd.io/etcd/clientv3.", "github.com/coreos/etcd/clientv3.")
    for kind in ("Client", "Watcher")
)
_CARE = re.compile(r"\.Err\(\)|\.Canceled\b|\.CompactRevision\b")


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls(*_WATCH):
        if not facts.ships(file.path) or facts.go.packages[file.directory].path.startswith("go.etcd.io/etcd/"):
            continue
        block = _receiving(file, call)
        if block is None or _takes_care(file, block):
            continue
        index = next(i for i, b in enumerate(file.blocks) if b is block)
        waits = block.kind == "comm"
        if not waits and (_looped(facts, file, index) or _leaves_loudly(facts, file, index)):
            continue
        ends = "the closed channel is received from for ever" if waits else "the loop ends and no change arrives any more"
        yield Finding(
            f"the etcd watch is not opened again: after a compaction or a lost stream {ends}",
            file.at(block),
            (because(file.at(call), "the watch is opened here, once"),) if call.line != block.line else (),
            "Loop: read the key, watch from its revision + 1, check response.Err(), pause and start again.",
        )


def _receiving(file: GoFile, call: Call) -> Block | None:
    """The range or select case that takes the watch's responses."""
    short = f"{call.receiver}.Watch("
    for block in file.blocks:
        if block.kind == "range" and block.line == call.line and short in block.text:
            return block
    for name in call.results[:1]:
        for block in file.blocks:
            if block.line <= call.line:
                continue
            if block.kind == "range" and block.text == name:
                return block
            if block.kind == "comm" and block.text.endswith(f"<-{name}") and not _asks_whether_open(file, block) and _endless(file, block):
                return block
    return None


def _endless(file: GoFile, case: Block) -> bool:
    """Whether the select of `case` stands in an endless loop."""
    select = file.blocks[case.parent]
    loop = file.blocks[select.parent]
    return loop.kind == "for" and loop.text == ""


def _asks_whether_open(file: GoFile, block: Block) -> bool:
    return "," in block.text or any(a.line == block.line and len(a.names) == 2 for a in file.assignments)


def _takes_care(file: GoFile, block: Block) -> bool:
    inside = [b.text for b in file.blocks if block.line <= b.line <= block.end_line]
    calls = [f"{c.receiver}.{c.name.rpartition('.')[2]}()" for c in file.calls if block.line <= c.line <= block.end_line]
    values = [t for a in file.assignments if block.line <= a.line <= block.end_line for t in a.values]
    args = [t for c in file.calls if block.line <= c.line <= block.end_line for t in c.args]
    taken = {n for a in file.assignments if a.line == block.line for n in a.names} - {"_"}
    passed_on = [c.value for c in file.channels if c.operation == "send" and block.line <= c.line <= block.end_line]
    if taken & {*args, *values, *passed_on, *(a.removeprefix("&") for a in args)}:
        return True
    return any(_CARE.search(t) for t in (*inside, *calls, *values, *args))


def _looped(facts: Repository, file: GoFile, index: int, steps: int = 2) -> bool:
    """Whether a loop around `index`, or around a call of its function, opens the watch again."""
    parent = file.blocks[index].parent
    if facts.go.enclosing(file, parent, "for", "range", within_function=False) is not None:
        return True
    function = facts.go.declared_function_at(file, index)
    if function is None or steps == 0:
        return function is None
    return any(_looped_call(facts, other, call, steps) for other, call in facts.go.callers(file, function))


def _looped_call(facts: Repository, file: GoFile, call: Call, steps: int) -> bool:
    if facts.go.enclosing(file, call.block, "for", within_function=False) is not None:
        return True
    return "Until" in " ".join(c.name for c in file.calls if c.line == call.line) or (
        not file.is_test and call.block > 0 and _looped(facts, file, call.block, steps - 1)
    )


def _leaves_loudly(facts: Repository, file: GoFile, index: int) -> bool:
    """Whether the function goes on after the loop with an error or the program's end: somebody is told."""
    function = facts.go.function_at(file, index)
    block = file.blocks[index]
    if function is None:
        return False
    last = [j for j in file.jumps if j.kind == "return" and block.end_line < j.line <= function.end_line and "rr" in j.text]
    stops = [c for c in file.calls if block.end_line < c.line <= function.end_line and re.search(r"Fatal|Panic|panic|Exit|close$", c.name)]
    return bool(last or stops)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_HEAD = 'package main\n\nimport (\n\t"context"\n\n\tclientv3 "go.etcd.io/etcd/client/v3"\n)\n\n'
_USE = "func apply(v []byte) {}\n\n"


def _tree(body: str) -> dict[str, str]:
    return {**_MOD, "main.go": _HEAD + _USE + "func main() { go follow(context.Background(), nil) }\n\n" + body}


_FOLLOW = "func follow(ctx context.Context, client *clientv3.Client) {\n"

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:go.etcd.io/etcd",),
    fails=(
        _tree(
            _FOLLOW + '\tfor r := range client.Watch(ctx, "/orders") { // want\n\t\tfor _, e := range r.Events {\n'
            "\t\t\tapply(e.Kv.Value)\n\t\t}\n\t}\n}\n"
        ),
        _tree(
            _FOLLOW + '\twatch := client.Watch(ctx, "/orders")\n\tfor r := range watch { // want\n\t\tapply(r.Events[0].Kv.Value)\n\t}\n}\n'
        ),
        _tree(
            _FOLLOW + '\twatch := client.Watch(ctx, "/orders")\n\tfor {\n\t\tselect {\n\t\tcase <-ctx.Done():\n\t\t\treturn\n'
            "\t\tcase r := <-watch: // want\n\t\t\tapply(r.Events[0].Kv.Value)\n\t\t}\n\t}\n}\n"
        ),
    ),
    passes=(
        _tree(
            _FOLLOW + '\tfor ctx.Err() == nil {\n\t\tfor r := range client.Watch(ctx, "/orders") {\n'
            "\t\t\tapply(r.Events[0].Kv.Value)\n\t\t}\n\t}\n}\n"
        ),
        _tree(
            _FOLLOW + '\tfor r := range client.Watch(ctx, "/orders") {\n\t\tif err := r.Err(); err != nil {\n'
            "\t\t\tpanic(err)\n\t\t}\n\t}\n}\n"
        ),
        _tree(
            _FOLLOW + "\tfor {\n\t\tonce(ctx, client)\n\t}\n}\n\nfunc once(ctx context.Context, client *clientv3.Client) {\n"
            '\tfor r := range client.Watch(ctx, "/orders") {\n\t\tapply(r.Events[0].Kv.Value)\n\t}\n}\n'
        ),
        _tree(
            _FOLLOW + '\twatch := client.Watch(ctx, "/orders")\n\tfor {\n\t\tselect {\n\t\tcase <-ctx.Done():\n\t\t\treturn\n'
            "\t\tcase r, ok := <-watch:\n\t\t\tif !ok {\n\t\t\t\treturn\n\t\t\t}\n\t\t\tapply(r.Events[0].Kv.Value)\n"
            "\t\t}\n\t}\n}\n"
        ),
        {
            **_MOD,
            "main.go": 'package main\n\nimport "example.com/orders/files"\n\nfunc main() {\n\tfor range files.Watch("/etc/o") {\n\t}\n}\n',
            "files/files.go": "package files\n\nfunc Watch(path string) chan string { return nil }\n",
        },
    ),
)
