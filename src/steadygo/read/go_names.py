"""Names of one Go file: imports, types, and the types of variables as far as this file shows them."""

from __future__ import annotations

import re

from steadygo.facts.go import Import
from steadygo.facts.goknown import FIELDS, FURTHER_RESULTS, RESULTS
from steadygo.read.go_source import Source, decoded

_QUALIFIED = re.compile(r"(?<![\w./\"])([A-Za-z_]\w*)\.([A-Za-z_]\w*)")
_VERSION = re.compile(r"v\d+\Z")
_DOTTED_VERSION = re.compile(r"[.\-]v\d+(?:-unstable)?\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_CHAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_LITERAL = re.compile(r"&?\s*((?:\[[^\]]*\]|map\[[\w.]+\])*\*?[A-Za-z_][\w.]*)(?:\[[^\]]*\])?\{")
_ASSERTION = re.compile(r"\.\(\s*([*\w.\[\]]+)\s*\)\Z")
_METHOD = re.compile(r"\.\s*([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*\Z")
_NOT_NAMED = ("[", "map[", "chan ", "chan<-", "<-", "func", "struct", "interface")
_STEPS = 12  # calls of a chain that are followed


def import_name(path: str, used: bytes) -> str:
    """The name a package is most likely used by: of the possible ones the first that the file mentions."""
    parts = path.split("/")
    last = parts[-1]
    if _VERSION.match(last) and len(parts) > 1:
        last = parts[-2]
    last = _DOTTED_VERSION.sub("", last)
    if _IDENTIFIER.match(last):
        return last
    pieces = [piece for piece in re.split(r"[.\-]", last) if piece]
    plain = [piece for piece in pieces if piece not in ("go", "golang")]
    guesses = ["".join(plain), "_".join(plain), plain[-1] if plain else "", plain[0] if plain else "", "".join(pieces), "_".join(pieces)]
    for guess in guesses:
        if guess and re.search(rb"\b" + re.escape(guess.encode()) + rb"\.", used):
            return guess
    return guesses[2] or last


def bare(type_text: str) -> str:
    """The name of a type without pointer and type arguments; "" when it has no name."""
    name = type_text.lstrip("*& ")
    if name.startswith(_NOT_NAMED):
        return ""
    return name.partition("[")[0]


class Names:
    """Resolves names. `scope` holds the types of variables known at the place that is being read; "" is a variable of unknown type."""

    def __init__(self, source: Source, imports: tuple[Import, ...]) -> None:
        self.source = source
        self.paths = {i.name: i.path for i in imports if i.name not in ("_", ".")}
        self.scope: dict[str, str] = {}
        self.fields: dict[str, str] = {}  # "server.db" -> type
        self.results: dict[str, tuple[str, ...]] = {}  # of functions and methods declared in this file
        self.calls: dict[int, tuple[int, int]] = {}  # end of a call -> its start and where its arguments start
        self.parameters: dict[str, tuple[tuple[str, str], ...]] = {}  # parameter lists that were met
        self._types: dict[str, str] = {}
        self._bare: dict[str, str] = {}
        self._forms: dict[str, tuple[str, str, str]] = {}  # called text -> see _form; all "" where it is no plain chain

    def type(self, text: str) -> str:
        """`text` with package names replaced by import paths."""
        known = self._types.get(text)
        if known is None:
            known = text if "." not in text else _QUALIFIED.sub(self._qualified, text)
            known = self.source.shared(known)
            self._types[text] = known
        return known

    def _qualified(self, found: re.Match[str]) -> str:
        path = self.paths.get(found.group(1))
        return found.group() if path is None else f"{path}.{found.group(2)}"

    def callee(self, start: int, end: int) -> tuple[str, str]:
        """Resolved name and receiver text of the called expression between two bytes."""
        raw = self.source.chars[start:end] if end - start < 400 else ""
        form = self._forms.get(raw)
        if form is None:
            form = self._forms[raw] = self._form(raw)
        receiver, method, imported = form
        if not receiver:
            return (method, "") if method else self._callee_of_expression(start, end, self.source.whole(start, end) if raw else "")
        known = self.scope.get(receiver)
        if known is None:
            if imported:
                return imported, ""
            known = self.type_of_chain(receiver) if "." in receiver else ""
        if not known:
            return method, receiver
        owner = self._bare.get(known)
        if owner is None:
            owner = self._bare[known] = bare(known)
        return owner + method, receiver

    def _form(self, raw: str) -> tuple[str, str, str]:
        """Receiver, ".method" and, where the receiver is a package, the full name. Without receiver the name alone stands second."""
        text = decoded(raw).strip()
        if not _CHAIN.match(text):
            return "", "", ""
        receiver, dot, method = text.rpartition(".")
        path = self.paths.get(receiver)
        return self.source.shared(receiver), dot + method, "" if path is None else f"{path}.{method}"

    def _callee_of_expression(self, start: int, end: int, text: str) -> tuple[str, str]:
        tail = self.source.data[max(start, end - 200) : end]
        if tail.endswith(b"]"):  # type arguments, or an element of a slice or map of functions
            opened = _opening(tail)
            if opened > 0:
                return self.callee(start, end - len(tail) + opened)
        found = _METHOD.search(tail.decode("latin-1"))
        if found is None:
            return "", "" if text.startswith("func") or not text else self.source.text(start, end)
        stop = end - len(tail) + found.start()
        while stop > start and self.source.data[stop - 1 : stop].isspace():
            stop -= 1
        if stop <= start:
            return "", ""
        return f"{bare(self.type_at(start, stop))}.{found.group(1)}", self.source.text(start, stop)

    def type_of_chain(self, chain: str) -> str:
        """Type of `x` or `x.field.field`, "" when not known."""
        first, *rest = chain.split(".")
        known = self.scope.get(first)
        if known is None:
            path = self.paths.get(first)
            if path is None or not rest:
                return ""
            known = FIELDS.get(f"{path}.{rest.pop(0)}", "")
        for name in rest:
            if not known:
                return ""
            key = f"{bare(known)}.{name}"
            known = self.fields.get(key) or FIELDS.get(key, "")
        return known

    def type_at(self, start: int, end: int) -> str:
        """Type of the expression between two bytes, "" when not known."""
        types = self.types_at(start, end)
        return types[0] if types else ""

    def types_at(self, start: int, end: int, steps: int = _STEPS) -> tuple[str, ...]:
        """Types of the results of an expression, as many as are known."""
        call = self.calls.get(end)
        if call is not None and call[0] == start:
            return self._results(call, end, steps)
        data = self.source.data
        text = self.source.whole(start, min(end, start + 300))
        if _CHAIN.match(text):
            return (self.type_of_chain(text),)
        last = data[end - 1 : end]
        if last == b"}":
            found = _LITERAL.match(text)
            if found and found.group(1) not in ("func", "struct", "interface"):
                return (("*" if text[0] == "&" else "") + self.type(found.group(1)),)
            return ("func",) if text.startswith("func") else ()
        if last == b")" and (asserted := _ASSERTION.search(data[max(start, end - 120) : end].decode("latin-1"))):
            return () if asserted.group(1) == "type" else (self.type(asserted.group(1)),)
        if text.startswith("<-") and _CHAIN.match(text[2:].strip()):
            return (element(self.type_of_chain(text[2:].strip())),)
        if last == b"]" and (base := text.partition("[")[0]) and _CHAIN.match(base) and text.count("[") == 1:
            return (element(self.type_of_chain(base)),)
        if text.startswith("&") and _CHAIN.match(text[1:]):
            return (self.type_of_chain(text[1:]),)
        return ("string",) if text[:1] in '"`' and last in b'"`' else ()

    def _results(self, call: tuple[int, int], end: int, steps: int) -> tuple[str, ...]:
        start, opened = call
        if steps == 0:
            return ()
        text = self.source.whole(start, min(opened, start + 300)).strip()
        if text in ("new", "make"):
            first = self.source.text(opened + 1, end - 1).partition(",")[0].strip()
            return (self.type(first),) if first and (text == "make" or not first.endswith((")", "}"))) else ()
        if _CHAIN.match(text):
            name = self.callee(start, opened)[0]
        else:
            found = _METHOD.search(text)
            if found is None or opened - start > 300:
                return ()
            stop = start + len(text[: found.start()].rstrip().encode())
            owner = self.types_at(start, stop, steps - 1)
            name = f"{bare(owner[0])}.{found.group(1)}" if owner else ""
        known = RESULTS.get(name)
        if known is not None:
            return (known, *FURTHER_RESULTS.get(name, ()))
        return self.results.get(name, ())


def element(type_text: str) -> str:
    """Element type of a slice, array, map or channel type; "" for others."""
    text = type_text.lstrip("*")
    for start in ("<-chan ", "chan<- ", "chan "):
        if text.startswith(start):
            return text[len(start) :]
    if text.startswith("map["):
        text = text[3:]
    elif not text.startswith("["):
        return ""
    depth = 0
    for at, character in enumerate(text):
        if character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
            if depth == 0:
                return text[at + 1 :]
    return ""


def _opening(tail: bytes) -> int:
    """Where the bracket that ends `tail` opens, -1 when it lies before."""
    depth = 0
    for at in range(len(tail) - 1, -1, -1):
        if tail[at] == 0x5D:
            depth += 1
        elif tail[at] == 0x5B:
            depth -= 1
            if depth == 0:
                return at
    return -1
