"""What is stated about one Go file. Positions are line and column; `block` is an index into `GoFile.blocks`.

Expressions are kept as source text with white space folded, at most 200 characters (`…` marks a cut). Types are resolved through
imports (`*database/sql.DB`). Columns count bytes. Test files come without comparisons and jumps, generated files with imports,
functions, closures, types, declarations and calls only; files of protobuf, mocks, deep copies, msgp, easyjson and stringer without what
stands inside functions. Names of calls and types are resolved through the file's imports:

    net/http.ListenAndServe            function of an imported package
    net/http.Server.Shutdown           method of a value whose type is known in this file (parameter, var, composite literal,
                                       well-known constructor, field of a struct declared in this file)
    .Shutdown                          method of a value whose type is not known here; `receiver` has its text
    run                                function of the same package, or a builtin (make, append, panic, close, new …)
    worker.Loop                        method of a type of the same package
    (empty)                            a closure that is called where it stands (`go func() {}()`)
"""

from __future__ import annotations

import msgspec

from steadygo.facts.place import Gap
from steadygo.findings import Place


class Import(msgspec.Struct, frozen=True, array_like=True, gc=False):
    path: str
    name: str  # the name used in this file; "_" and "." as written; else alias or the last element (version suffix dropped)
    line: int


class Block(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A region of code. kind: function closure for range if else switch case select comm go defer.

    `text` is its header: the condition of if, the clauses of for ("" for `for {`), the ranged expression, the tag of switch,
    the values of a case ("default"), the operation of a select's comm clause ("<-ctx.Done()", "ch <- x", "default").
    For function and closure it is the name ("" for a closure). Block 0 is the file itself, kind "file".
    `go` and `defer` are the statement; a closure started by it is a child block of kind closure. `if` ends where its own branch ends,
    `else` is a sibling after it (an `else if` is an `if` inside that `else`); the condition belongs to the `if`.
    """

    kind: str
    parent: int
    line: int
    column: int
    end_line: int
    text: str = ""
    label: str = ""


class Function(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A declared function or a closure (`name` ""). `receiver` is the type's bare name, `receiver_name` the variable."""

    name: str
    block: int
    line: int
    column: int
    end_line: int
    receiver: str = ""
    receiver_name: str = ""
    params: tuple[tuple[str, str], ...] = ()  # (name, resolved type text)
    results: tuple[str, ...] = ()
    doc: str = ""  # first 200 characters of the comment above


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`mode`: "" | "go" | "defer". `results`: names that take the results ("_" for blank, "s.db" for a field), empty when dropped.

    `use`: what the call's value feeds: "" (statement, dropped) · "assign" · "argument" · "return" · "condition" · "operand"
    """

    name: str
    line: int
    column: int
    block: int
    args: tuple[str, ...] = ()
    receiver: str = ""
    results: tuple[str, ...] = ()
    mode: str = ""
    use: str = ""


class Composite(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A composite literal with a named type. `fields` are (name, text); positional elements have the name ""."""

    type: str
    line: int
    column: int
    block: int
    fields: tuple[tuple[str, str], ...] = ()
    results: tuple[str, ...] = ()  # what it is assigned to
    pointer: bool = False


class ChannelUse(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """operation: make send receive close range. For make, `value` is the capacity text ("" unbuffered); for send the value."""

    operation: str
    channel: str
    line: int
    column: int
    block: int
    value: str = ""


class Jump(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """kind: return break continue goto fallthrough. `text`: the returned expressions or the label."""

    kind: str
    line: int
    column: int
    block: int
    text: str = ""


class Assignment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`names op values`, also declarations inside functions. operator: := = += -= … ++ -- var const

    The variables of a range loop are assigned the value "range EXPRESSION" in the loop's own block.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    operator: str
    line: int
    column: int
    block: int
    type: str = ""


class Comparison(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A binary expression with == != < > <= >= or a subtraction (-)."""

    left: str
    operator: str
    right: str
    line: int
    column: int
    block: int


class Declaration(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A package-level var or const. kind: var const."""

    kind: str
    name: str
    line: int
    column: int
    type: str = ""
    value: str = ""


class Field(msgspec.Struct, frozen=True, array_like=True, gc=False):
    name: str  # "" for an embedded field
    type: str
    line: int
    tag: str = ""  # without the back quotes


class TypeDeclaration(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """kind: struct interface other. For an interface `fields` are its methods (type = signature text), "" for embedded ones.

    Types declared inside functions are here too, and anonymous structs whose fields have tags (`name` "").
    """

    name: str
    kind: str
    line: int
    column: int
    fields: tuple[Field, ...] = ()
    text: str = ""


class Comment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A comment that means something to a tool or a rule: go: directives, +build, nolint, steadygo:, BP-<n>, embed."""

    text: str
    line: int
    column: int = 1


class GoFile(msgspec.Struct, frozen=True, array_like=True, tag="go", gc=False):
    path: str
    package: str
    lines: int
    imports: tuple[Import, ...] = ()
    blocks: tuple[Block, ...] = ()
    functions: tuple[Function, ...] = ()
    calls: tuple[Call, ...] = ()
    composites: tuple[Composite, ...] = ()
    channels: tuple[ChannelUse, ...] = ()
    jumps: tuple[Jump, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    declarations: tuple[Declaration, ...] = ()
    types: tuple[TypeDeclaration, ...] = ()
    comments: tuple[Comment, ...] = ()
    constraint: str = ""  # the //go:build expression, GOOS/GOARCH of the file name joined by &&
    generated: bool = False
    gaps: tuple[Gap, ...] = ()

    @property
    def is_test(self) -> bool:
        return self.path.endswith("_test.go")

    @property
    def directory(self) -> str:
        return self.path.rpartition("/")[0]

    def at(
        self, fact: Call | Block | Function | Composite | ChannelUse | Jump | Assignment | Comparison | Declaration | TypeDeclaration
    ) -> Place:
        """Where `fact` stands in this file."""
        return Place(self.path, fact.line, fact.column)
