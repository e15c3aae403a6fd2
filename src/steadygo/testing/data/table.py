"""One table [test.data.NAME] of steadygo.toml."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from steadygo.errors import BadSettings

KINDS = ("postgresql", "mysql", "sqlite", "directory")
SERVERS = ("postgresql", "mysql")

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIELD = re.compile(r"\{([^{}]*)\}")
_OF_FILES = ("url", "name", "path")
_OF_SERVERS = ("url", "name", "host", "port", "user", "password")


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What a test binary gets. `url` and `url_from` say where the server is, in the form that the service's driver takes.

    `template` is a database, a file or a directory that is there already, `snapshot` a file that is loaded; with neither it is empty.
    """

    kind: Literal["postgresql", "mysql", "sqlite", "directory"]
    variable: str = ""
    variables: dict[str, str] = {}
    url: str = ""
    url_from: str = ""
    template: str = ""
    snapshot: str = ""

    @property
    def asked(self) -> Mapping[str, str]:
        """Variables with their text, in which {url}, {name} and so on stand for what the test binary gets."""
        whole = "{url}" if self.kind in SERVERS else "{path}"
        return {**({self.variable: whole} if self.variable else {}), **self.variables}

    @property
    def whole(self) -> str:
        """The variable that holds the whole url of a server's database, "" where none does."""
        return next((name for name, text in self.asked.items() if text == "{url}" and self.kind in SERVERS), "")

    @property
    def origin(self) -> str:
        """What is copied, for people."""
        return self.template or self.snapshot or "nothing"

    @property
    def source(self) -> str:
        """The variable that says where the server is, unless `url` does."""
        return self.url_from or self.variable

    def values(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Variables as the test binary gets them."""
        return {name: _FIELD.sub(lambda found: fields[found[1]], text) for name, text in self.asked.items()}


def check(tables: Mapping[str, Data]) -> None:
    """Raise BadSettings for what the types alone do not show."""
    given: dict[str, str] = {}
    for name, data in tables.items():
        _check_one(name, data)
        for variable in data.asked:
            if variable in given:
                raise BadSettings(
                    f"[test.data.{given[variable]}] and [test.data.{name}] both set {variable}.", "Give each a variable of its own."
                )
            given[variable] = name


def _check_one(name: str, data: Data) -> None:
    def wrong(what: str, remedy: str) -> BadSettings:
        return BadSettings(f"[test.data.{name}]: {what}.", remedy)

    if not data.asked:
        raise wrong("no variable is named", 'Say where the tests look for it: variable = "DATABASE_URL".')
    if data.kind == "directory" and data.snapshot:
        raise wrong("a directory has no snapshot", 'Name the directory to copy: template = "testdata/files".')
    if data.template and data.snapshot:
        raise wrong("template and snapshot exclude each other", "Give template (what is there already) or snapshot (a file to load).")
    if data.url and data.url_from:
        raise wrong("url and url-from exclude each other", "Keep url-from where the url holds a password.")
    if data.kind not in SERVERS and (data.url or data.url_from):
        raise wrong(f"{data.kind} has no server", "Leave url and url-from out.")
    if data.kind in SERVERS and not data.url and not data.source:
        raise wrong("nothing says where the server is", 'Name the variable that holds its url: url-from = "DATABASE_URL".')
    known = _OF_SERVERS if data.kind in SERVERS else _OF_FILES
    for variable, text in data.asked.items():
        if not _VARIABLE.fullmatch(variable):
            raise wrong(f"{variable!r} is no name of a variable", "Letters, digits and _ make one.")
        for field in _FIELD.findall(text):
            if field not in known:
                near = difflib.get_close_matches(field, known, 1, 0.5)
                hint = f"Did you mean {{{near[0]}}}?" if near else f"There are {', '.join(f'{{{k}}}' for k in known)}."
                raise wrong(f"{variable} asks for {{{field}}}, which {data.kind} does not have", hint)
