"""Databases that tests open and files that they write at fixed places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.testfile import Spot, TestFile

_OPENERS = (
    "database/sql.Open", "github.com/jmoiron/sqlx.Open", "github.com/jmoiron/sqlx.Connect", "github.com/jmoiron/sqlx.MustConnect",
    "gorm.io/driver/sqlite.Open", "gorm.io/driver/postgres.Open", "gorm.io/driver/mysql.Open", "github.com/glebarez/sqlite.Open",
    "github.com/jackc/pgx/v5.Connect", "github.com/jackc/pgx/v5/pgxpool.New", "github.com/jackc/pgx/v4.Connect",
    "github.com/jackc/pgx/v4/pgxpool.Connect", "go.etcd.io/bbolt.Open", "github.com/boltdb/bolt.Open",
)  # fmt: skip
_SERVER = re.compile(r"(?:postgres(?:ql)?|mysql|sqlserver|mongodb)://|@tcp\(|\bdbname=|\bhost=\S+.*\buser=")
_DATABASE_FILE = re.compile(r"(?:file:(?://)?)?([^?:]+\.(?:db|sqlite3?|bolt))(?:\?|\Z)|file:(?://)?(/[^?]+)")
_MEMORY = re.compile(r":memory:|mode=memory|\A\s*\Z")
_NOWHERE = re.compile(r"invalid|example\.(?:com|org)|nonexist|not-?exist|no-?such|bad|wrong|:1/|unreachable", re.IGNORECASE)
_CREDENTIALS = re.compile(r"//[^@/]*@|^[^@\s]*@(?=tcp)|\bpassword=\S+\s*")
_WRITES = {"os.WriteFile": 0, "os.Create": 0, "os.Mkdir": 0, "os.MkdirAll": 0, "os.OpenFile": 0, "io/ioutil.WriteFile": 0, "os.Rename": 1}
_REMOVES = frozenset({"os.Remove", "os.RemoveAll"})
_IN_TEMPORARY = re.compile(r'(?:(?:file)?path\.Join\(os\.TempDir\(\)((?:,\s*"[^"]*")+)\)|os\.TempDir\(\)\s*\+\s*("[^"]*"))\Z')
_ON_PURPOSE = re.compile(r"(?i)update|golden|regen|record|overwrite|write|dump|debug|generate|save|env|environ")
_NO_FILES = ("/dev/", "/proc/", "/sys/")


def openers(code: GoCode) -> frozenset[str]:
    """Full names of what opens a database: drivers' functions, and this repository's functions that hand an address on to one."""
    found = set(_OPENERS)
    for file, call in code.calls(*_OPENERS):
        function = code.declared_function_at(file, call.block)
        package = code.packages[file.directory]
        if function is not None and function.name and not function.receiver and _hands_on(call, [name for name, _ in function.params]):
            found.add(f"{package.path or package.directory}.{function.name}")
    return frozenset(found)


def _hands_on(call: Call, params: list[str]) -> bool:
    return any(re.search(rf"\b{re.escape(p)}\b", a) for p in params if p for a in call.args)


def _full_name(code: GoCode, file: GoFile, call: Call) -> str:
    if "." in call.name or call.receiver:
        return call.name
    package = code.packages[file.directory]
    return f"{package.path or package.directory}.{call.name}"


def databases(test: TestFile, names: frozenset[str]) -> Iterator[Spot]:
    """Databases at fixed addresses. kind: file server; the note is the address without credentials."""
    for call in test.file.calls:
        if not call.args or _full_name(test.code, test.file, call) not in names:
            continue
        for arg in call.args[:3]:
            text = test.text(arg, call.block)
            if text is None or _MEMORY.search(text) or _NOWHERE.search(text):
                continue
            server = _SERVER.search(text)
            match = None if server else _DATABASE_FILE.match(text)
            if server is None and match is None:
                continue
            shown = _CREDENTIALS.sub("//" if "://" in text else "", text) if server else (match[1] or match[2] if match else "")
            spot = test.spot(call, shown, "server" if server else "file")
            if spot is not None and (server or not _removed(test, call)):
                yield spot
            break


def files(test: TestFile) -> Iterator[Spot]:
    """Files written at fixed places and left there. kind: outside (an absolute path) tree (in the package's own directory)."""
    wanted = [c for c in test.file.calls if c.name in _WRITES]
    moved = any(c.name.rpartition(".")[2] == "Chdir" for c in test.file.calls) if wanted else False
    for call in wanted:
        at = _WRITES[call.name]
        if len(call.args) <= at or (
            call.name == "os.OpenFile" and not re.search(r"O_(?:CREATE|WRONLY|RDWR|APPEND)", " ".join(call.args[1:2]))
        ):
            continue
        path = _path(test, call, call.args[at])
        if path is None or path in ("", ".", "/") or path.startswith(_NO_FILES) or "\x00" in path:
            continue
        outside = path.startswith(("/", "$TMPDIR"))
        if (not outside and moved) or _removed(test, call) or _on_purpose(test, call):
            continue
        spot = test.spot(call, path, "outside" if outside else "tree")
        if spot is not None and not test.undoes(call.block):
            yield spot


def _path(test: TestFile, call: Call, arg: str) -> str | None:
    match = _IN_TEMPORARY.match(arg)
    if match is not None:
        return "$TMPDIR/" + "/".join(re.findall(r'"([^"]*)"', match[1] or match[2])).lstrip("/")
    return test.text(arg, call.block)


def _removed(test: TestFile, call: Call) -> bool:
    """Whether the test (or its helper) removes something again."""
    outermost = call.block
    while (parent := test.file.blocks[outermost].parent) > 0:
        outermost = parent
    return any(c.name in _REMOVES for c in test.body.calls(outermost))


def _on_purpose(test: TestFile, call: Call) -> bool:
    """Behind a switch: `if *update { os.WriteFile(golden, …) }`."""
    return any(
        test.file.blocks[b].kind in ("if", "case", "else") and _ON_PURPOSE.search(test.file.blocks[b].text)
        for b in test.body.chain(call.block)
    )
