"""Simple commands out of shell text, on tree-sitter-bash.

Wrappers (`sudo`, `time`, `nice`, `timeout 5`, `xvfb-run`, `tini --`, `dumb-init --`) stay in the words as written; `env X=1` and
`exec` do not. The script of `sh -c '…'`, of `eval '…'` and of a heredoc fed to a shell is read too, after the command that runs it.
`[ … ]`, `[[ … ]]`, `(( … ))` and plain assignments are no commands. Values of variables set on the way are folded where they are certain;
exported ones are part of the variables of each command that follows in the same scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from steadygo.facts.commands import Command, Variable
from steadygo.facts.place import Gap, Text
from steadygo.read.command_words import assignment, script_of_shell, signal_name, without_env, without_exec
from steadygo.read.shell_scope import Scope
from steadygo.read.shell_words import ROOT, Words, behind_target

_LONGEST = 262_144
_MOST = (("|", 5_000), ("(", 5_000), ("[", 8_000), ("{", 8_000), ("\n", 40_000))  # the parser's time is quadratic in these at worst
_MOST_GAPS = 20
_DEEPEST_SCRIPT = 4
_LANGUAGE = Language(tree_sitter_bash.language())
_NOTHING: Mapping[str, str] = MappingProxyType({})

_COMMENT_IN_LINE = re.compile(r"(?<=\s)`\s*#[^`\n]*`")  # the grammar takes its closing quote for a part of the comment
_OPERATORS = {";": ";", ";;": "", "&": "&", "&&": "&&", "||": "||", "|": "|", "|&": "|"}
_APART = frozenset({"subshell", "command_substitution", "process_substitution"})
_BODIES = frozenset({"do_group", "elif_clause", "else_clause", "case_item", "function_definition"})
_LOOPS = frozenset({"for_statement", "c_style_for_statement", "select_statement"})


class Parsed(NamedTuple):
    """What a piece of shell text runs and sets. `traps` are the signals that have a handler, as `TERM`, `EXIT`."""

    commands: tuple[Command, ...] = ()
    assignments: tuple[Variable, ...] = ()
    traps: tuple[Text, ...] = ()
    gaps: tuple[Gap, ...] = ()


def commands(
    text: str,
    line: int = 1,
    column: int = 1,
    variables: Mapping[str, str] = _NOTHING,
    opaque: Mapping[str, str] = _NOTHING,
    here: str | None = None,
) -> Parsed:
    """Read shell `text` whose first line is `line` and each of whose lines begins at `column`.

    `variables` are known values. `opaque` maps placeholders (words like `__0001__`) that stand in `text` to what is put back in
    the end: another language's expressions. `here` is a script's own directory, for `cd "$(dirname "$0")"`.
    Never raises; what the grammar cannot read becomes a gap.
    """
    return _read(text, line, column, _Task(None, Scope.top(variables, opaque, here)), 0)


def commands_in_turn(
    pieces: Iterable[tuple[str, int, int]], variables: Mapping[str, str] = _NOTHING, opaque: Mapping[str, str] = _NOTHING
) -> list[Parsed]:
    """Read (text, line, column) pieces that one shell runs one after the other: a `cd` in one counts for those behind it."""
    start = _Task(None, Scope.top(variables, opaque, None))
    return [_read(text, line, column, start, 0) for text, line, column in pieces]


def exec_form(words: Sequence[str], line: int, column: int = 1, variables: Mapping[str, str] = _NOTHING) -> Parsed:
    """A command that is given as words, without a shell; the script of `["sh", "-c", "…"]` is read too."""
    rest, replaced, leading = _unwrapped(list(words), [])
    if not rest:
        return Parsed()
    command = Command(tuple(rest), line, column, tuple(leading), shell=False, replaced=replaced)
    script = script_of_shell(rest)
    inner = commands(script, line, column, variables) if script else Parsed()
    return inner._replace(commands=(command, *inner.commands))


class _Task(NamedTuple):
    """A node to visit; without one: `scope`, a body that may not run, is left."""

    node: Node | None
    scope: Scope
    after: str = ""
    conditional: bool = False
    background: bool = False


def _read(text: str, line: int, column: int, start: _Task, depth: int) -> Parsed:
    if not text.strip():
        return Parsed()
    if len(text) > _LONGEST or any(text.count(char) > most for char, most in _MOST):
        return Parsed(gaps=(Gap(line, "shell text is too large to be read"),))
    stripped = text.rstrip()
    while stripped.endswith("\\") and not stripped.endswith("\\\\"):  # a continuation of the last line: the grammar wants one more
        text = stripped = stripped[:-1].rstrip()
    source = _COMMENT_IN_LINE.sub(lambda found: " " * len(found.group()), text).encode("utf-8", "replace")
    walk = _Walk(source, line, column, depth, not text.isascii())
    walk.run(start._replace(node=Parser(_LANGUAGE).parse(source).root_node))
    return Parsed(tuple(walk.commands), tuple(walk.assignments), tuple(walk.traps), tuple(walk.gaps))


class _Walk:
    """Goes through a tree in source order with a stack of its own, so nesting costs no Python frames."""

    def __init__(self, source: bytes, line: int, column: int, depth: int, wide: bool) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.depth = depth
        self.wide = wide  # not ASCII: columns must be counted in characters
        self.commands: list[Command] = []
        self.assignments: list[Variable] = []
        self.traps: list[Text] = []
        self.gaps: list[Gap] = []
        self.stack: list[_Task] = []

    def run(self, start: _Task) -> None:
        self.stack.append(start)
        while self.stack:
            task = self.stack.pop()
            if task.node is None:
                task.scope.leave()
            else:
                self._visit(task, task.node)

    def _visit(self, task: _Task, node: Node) -> None:
        kind = node.type
        if kind == "command":
            self._command(task, node, [], None)
        elif kind == "variable_assignment":
            self._assign(task, node)
        elif kind == "declaration_command":
            self._declare(task, node)
        elif kind == "unset_command":
            for child in node.named_children:
                task.scope.forget(self._raw(child))
        elif kind == "redirected_statement":
            self._redirected(task, node)
        elif kind == "pipeline":
            self._push(task, node.children, apart=True)
        elif kind in _APART:
            self._push(task._replace(scope=task.scope.apart()), node.children)
        elif kind in _BODIES:
            self._push_body(task, node.children)
        elif kind == "if_statement":
            self._if(task, node)
        else:
            if kind in _LOOPS and (variable := node.child_by_field_name("variable")) is not None:
                task.scope.forget(self._raw(variable))
            elif node.is_error:
                self._gap(node)
            self._push(task, node.children)

    def _push(self, task: _Task, children: Iterable[Node], apart: bool = False) -> None:
        """Visit `children` next. `apart`: each runs in a subshell of its own, as the parts of a pipeline do."""
        tasks: list[_Task] = []
        after = task.after
        for child in children:
            if child.is_missing:
                if child.type != ";":  # `( … ) else` needs none
                    self._gap(child)
            elif not child.is_named:
                kind = child.type
                if kind in _OPERATORS:
                    after = _OPERATORS[kind]
                    if kind == "&" and tasks:
                        tasks[-1] = tasks[-1]._replace(background=True)
            elif child.child_count or child.is_error:
                tasks.append(_Task(child, task.scope.apart() if apart else task.scope, after, task.conditional, task.background))
                after = ""
        self.stack.extend(reversed(tasks))

    def _push_body(self, task: _Task, children: Iterable[Node]) -> None:
        inner = task.scope.body()
        self.stack.append(_Task(None, inner))
        self._push(_Task(task.node, inner, "", True), children)

    def _if(self, task: _Task, node: Node) -> None:
        """The condition always runs; `then` and each further branch have a scope of their own."""
        children = node.children
        then = next((i for i, child in enumerate(children) if child.type == "then"), len(children))
        end = next((i for i, child in enumerate(children) if child.type in ("elif_clause", "else_clause")), len(children))
        self._push(task._replace(after=""), children[end:])
        self._push_body(task, children[then:end])
        self._push(task, children[:then])

    def _redirected(self, task: _Task, node: Node) -> None:
        """The body with the words that stand behind its redirections, then what a heredoc's first line goes on with."""
        body = node.child_by_field_name("body")
        extra: list[Node] = []
        heredoc: Node | None = None
        for redirect in node.children_by_field_name("redirect"):
            files = [redirect]
            if redirect.type == "heredoc_redirect":
                heredoc = redirect
                extra += redirect.children_by_field_name("argument")
                files = redirect.children_by_field_name("redirect")
            for file in files:
                if file.type == "file_redirect":
                    extra += behind_target(file)
            self._push(task._replace(after="", background=False), redirect.children)
        if body is not None and body.type == "command":
            self._command(task, body, extra, heredoc)
        elif body is not None:
            self.stack.append(task._replace(node=body))

    def _command(self, task: _Task, node: Node, extra: list[Node], heredoc: Node | None) -> None:
        scope = task.scope
        builder = Words(self.source, scope.known)
        leading: list[tuple[str, str]] = []
        parts: list[Node] = []
        glued: Node | None = None
        for child in node.children:
            kind = child.type
            if glued is not None and child.start_byte == glued.end_byte and child.is_named:
                leading[-1] = self._pair(glued, builder, child)
                continue
            glued = None
            if kind == "variable_assignment":
                leading.append(self._pair(child, builder))
                glued = child
            elif kind == "file_redirect":
                parts += behind_target(child)
            elif kind == "herestring_redirect":
                builder.collect(child)
            elif child.is_error:
                self._gap(child)
            elif child.is_named:
                parts.append(child)
        parts += extra
        words, replaced, leading = _unwrapped(builder.of(parts), leading)
        if leading and not parts:
            self._set(task, node, leading[-1])
        elif words and not self._emit(task, words, replaced, leading, node, parts, heredoc):
            return
        for substitution in sorted(builder.substitutions, key=_start, reverse=True):
            self.stack.append(_Task(substitution, scope, "", task.conditional))

    def _emit(
        self,
        task: _Task,
        words: list[str],
        replaced: bool,
        leading: list[tuple[str, str]],
        node: Node,
        parts: list[Node],
        heredoc: Node | None,
    ) -> bool:
        """Note the command. False when its substitutions were read with the script that it gives to a shell."""
        scope = task.scope
        line, column = self._place(node)
        name = words[0].rpartition("/")[2]
        self.commands.append(
            Command(
                words=tuple(word.replace(ROOT, "") for word in words),
                line=line,
                column=column,
                variables=scope.exported + tuple(leading) if leading else scope.exported,
                directory=scope.directory,
                after=task.after,
                replaced=replaced,
                conditional=task.conditional,
                background=task.background,
            )
        )
        if name in ("cd", "pushd"):
            scope.change(next((w for w in words[1:] if w == "-" or not w.startswith("-")), "~"), stacked=name == "pushd")
        elif name == "popd":
            scope.go_back()
        elif name == "trap" and len(words) > 2:
            handler, *signals = words[2:] if words[1] == "--" else words[1:]
            if handler not in ("-", ""):
                self.traps += [Text(signal_name(word), line, column) for word in signals]
        elif name in ("read", "getopts", "mapfile", "readarray"):
            for word in words[1:]:
                scope.forget(word)
        elif name in ("export", "declare", "typeset", "local", "readonly"):  # only where the grammar lost its way
            for pair in filter(None, map(assignment, words[1:])):
                scope.forget(pair[0])
                self.assignments.append(Variable(*pair, line, column))
        elif self.depth < _DEEPEST_SCRIPT:
            return not self._inner_script(task, words, parts, heredoc)
        return True

    def _inner_script(self, task: _Task, words: list[str], parts: list[Node], heredoc: Node | None) -> bool:
        """Read what a shell is given to run: after `-c`, by `eval`, or as a heredoc. True when there was such a script."""
        script = script_of_shell(words)
        if script is None or not parts:
            return False
        if script:
            known = Words(self.source, task.scope.known)
            node = next((part for part in parts if known.of([part]) == [script]), parts[-1])
            line, column = self._place(node)
            column += node.type in ("string", "raw_string")
        else:
            body = next((child for child in heredoc.children if child.type == "heredoc_body"), None) if heredoc is not None else None
            if body is None:
                return False
            script, (line, column) = self._raw(body), self._place(body)
        padding = " " * max(0, column - self.column)
        found = _read(padding + script, line, self.column, task._replace(scope=task.scope.apart(), after=""), self.depth + 1)
        self.commands += found.commands
        self.traps += found.traps
        self.gaps += found.gaps
        return True

    def _pair(self, node: Node, builder: Words, glued: Node | None = None) -> tuple[str, str]:
        """(name, value) of an assignment; `glued` is a part of the value that the grammar cut off."""
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        nodes = [part for part in (value, glued) if part is not None]
        return (self._raw(name) if name is not None else "", builder.value(nodes) if nodes else "")

    def _set(self, task: _Task, node: Node, pair: tuple[str, str], added: bool = False, exported: bool = False) -> None:
        name, value = pair
        task.scope.assign(name, value, added=added, sure=task.after not in ("&&", "||"), exported=exported)
        self.assignments.append(Variable(name, value.replace(ROOT, ""), *self._place(node)))

    def _assign(self, task: _Task, node: Node, exported: bool = False, glued: Node | None = None) -> None:
        scope = task.scope
        builder = Words(self.source, scope.known)
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        added = any(child.type == "+=" for child in node.children)
        if name is None:
            return
        if value is not None and value.type == "array":
            items = tuple(builder.of(child for child in value.children if child.is_named))
            scope.assign_array(self._raw(name), items, added=added, sure=task.after not in ("&&", "||"))
            self.assignments.append(Variable(self._raw(name), " ".join(items), *self._place(node)))
        elif name.type == "variable_name":
            self._set(task, node, self._pair(node, builder, glued), added, exported)
        else:
            scope.forget(self._raw(name).partition("[")[0])
            builder.collect(node)
        for substitution in sorted(builder.substitutions, key=_start, reverse=True):
            self.stack.append(_Task(substitution, scope, "", task.conditional))

    def _declare(self, task: _Task, node: Node) -> None:
        children = node.children
        keyword = children[0].type if children else ""
        exported = keyword == "export" or any(child.type == "word" and self._raw(child) == "-x" for child in children)
        for child, follower in zip(children, [*children[1:], None], strict=True):
            if child.type == "variable_assignment":
                glued = follower if follower is not None and follower.is_named and follower.start_byte == child.end_byte else None
                self._assign(task, child, exported, glued)
            elif child.type == "variable_name" and exported:
                task.scope.export(self._raw(child))
            elif child.type == "variable_name" and keyword == "local":
                task.scope.forget(self._raw(child))

    def _raw(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _place(self, node: Node) -> tuple[int, int]:
        row, offset = node.start_point
        if self.wide:
            offset = len(self.source[node.start_byte - offset : node.start_byte].decode("utf-8", "replace"))
        return self.line + row, self.column + offset

    def _gap(self, node: Node) -> None:
        if len(self.gaps) < _MOST_GAPS:
            line, _ = self._place(node)
            what = " ".join(self._raw(node)[:300].split())[:60]
            self.gaps.append(Gap(line, f"shell syntax not understood: {what}" if what else f"shell syntax: {node.type} is missing"))


def _unwrapped(words: list[str], leading: list[tuple[str, str]]) -> tuple[list[str], bool, list[tuple[str, str]]]:
    """Take `exec` and `env X=1` off the front: (words, replaced, assignments)."""
    replaced = False
    while words:
        if words[0] == "exec" and not replaced:
            words, replaced = without_exec(words), True
        elif words[0] in ("env", "/usr/bin/env") and (stripped := without_env(words)) is not None:
            words, leading = stripped[0], leading + stripped[1]
        else:
            break
    return words, replaced, leading


def _start(node: Node) -> int:
    return node.start_byte
