"""What a shell knows at a point of its script: variables, exports and the directory it is in."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from steadygo.read.shell_words import ROOT, Knowledge, restore

_MOST_EXPORTED = 40
_LONGEST_VALUE = 8_000
_LONGEST_DIRECTORY = 2_000


class Scope:
    """Known values and the current directory. A subshell gets a copy; a conditional body gets one that tells its parent what it touched."""

    def __init__(self, known: Knowledge, directory: str, exported: tuple[tuple[str, str], ...], parent: Scope | None = None) -> None:
        self.known = known
        self.directory = directory
        self.exported = exported
        self._parent = parent
        self._touched: set[str] = set()
        self._previous: list[str] = []

    @classmethod
    def top(cls, variables: Mapping[str, str], opaque: Mapping[str, str], here: str | None) -> Scope:
        return cls(Knowledge(dict(variables), opaque=opaque, here=here), "", ())

    def apart(self) -> Scope:
        """For a subshell: nothing it does comes back."""
        return Scope(self.known.copy(), self.directory, self.exported)

    def body(self) -> Scope:
        """For what may or may not run: `leave` makes the values that it changes unknown outside."""
        return Scope(self.known.copy(), self.directory, self.exported, self)

    def leave(self) -> None:
        parent = self._parent
        if parent is None:
            return
        for name in self._touched:
            inside, outside = self.known, parent.known
            if inside.variables.get(name) != outside.variables.get(name) or inside.arrays.get(name) != outside.arrays.get(name):
                parent.forget(name)
            else:
                parent._touched.add(name)

    def forget(self, name: str) -> None:
        self._touched.add(name)
        self.known.forget(name)
        if any(name == exported for exported, _ in self.exported):
            self.exported = tuple(pair for pair in self.exported if pair[0] != name)

    def assign(self, name: str, value: str, *, added: bool = False, sure: bool = True, exported: bool = False) -> None:
        """`added`: `+=`. Not `sure` (behind `&&`, `||`): a different value known before makes it unknown.

        The output of a command is never known; a value that holds other variables is kept as written.
        """
        self._touched.add(name)
        variables = self.known.variables
        before = variables.get(name)
        self.known.arrays.pop(name, None)
        unknown = "$(" in value or "`" in value or len(value) > _LONGEST_VALUE
        if unknown or (added and before is None) or (not sure and before is not None and before != value):
            self.forget(name)
            return
        if added:
            value = (before or "") + value
        variables[name] = value
        if exported or self._is_exported(name):
            self.export(name)

    def assign_array(self, name: str, items: tuple[str, ...], *, added: bool, sure: bool) -> None:
        self._touched.add(name)
        before = self.known.arrays.get(name)
        self.known.forget(name)
        if added and before is not None:
            items = before + items
        if sure and len(items) <= 200 and (not added or before is not None):
            self.known.arrays[name] = items

    def export(self, name: str) -> None:
        value = self.known.variables.get(name)
        if value is None:
            return
        others = tuple(pair for pair in self.exported if pair[0] != name)
        if len(others) < _MOST_EXPORTED:
            self.exported = (*others, (name, restore(value, self.known.opaque)))

    def _is_exported(self, name: str) -> bool:
        return any(name == exported for exported, _ in self.exported)

    def joined(self, target: str) -> str:
        """`target` seen from the current directory; what begins with something unknown is not tidied up."""
        if target.startswith(ROOT):
            anchored = posixpath.normpath(target[1:].lstrip("/") or ".")
            return "" if anchored == "." else anchored
        if target.startswith("/"):
            return posixpath.normpath(target)
        if not target or target[0] in "~$`":
            return target or self.directory
        if self.directory[:1] in ("~", "$", "`"):
            return f"{self.directory}/{target}"
        return posixpath.normpath(posixpath.join(self.directory, target))

    def change(self, target: str, *, stacked: bool = False) -> None:
        """`cd target`. `cd -` goes back."""
        if target == "-":
            self.go_back()
            return
        if len(self.directory) + len(target) > _LONGEST_DIRECTORY:
            return
        if stacked or len(self._previous) < 2:
            self._previous.append(self.directory)
        else:
            self._previous[-1] = self.directory
        self.directory = self.joined(target)

    def go_back(self) -> None:
        self.directory = self._previous.pop() if self._previous else ""
