"""Where a database server is, in the form in which a service's driver takes it. The form is kept; only the database changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from steadygo.errors import UserError

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?P<rest>[?#].*)?", re.DOTALL)
_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s\\']|\\.)*)\s*", re.DOTALL)
_POSTGRESQL_SCHEMES = ("postgres", "postgresql", "pgx", "pgx4", "pgx5", "cockroach", "cockroachdb")
_NET = re.compile(r"(?P<net>[a-z0-9]*)(?:\((?P<addr>.*)\))?", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """`before` and `after` stand around the database's name in the text. `parameters` are those of the driver, undecoded by us."""

    host: str
    port: str
    user: str
    password: str = field(repr=False)
    database: str
    parameters: dict[str, str] = field(repr=False)
    before: str = field(repr=False)
    after: str = field(repr=False)
    socket: str = ""

    @property
    def shown(self) -> str:
        """For people: without the password."""
        place = self.socket or (f"{self.host}:{self.port}" if self.host else "the local server")
        return f"{self.user}@{place}" if self.user else place

    def naming(self, database: str) -> str:
        """The text as it was given, with another database."""
        return self.before + database + self.after

    def fields(self, database: str) -> dict[str, str]:
        """What a service's variables may ask for."""
        return {
            "url": self.naming(database),
            "name": database,
            "host": self.socket or self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
        }


def postgresql(text: str, source: str) -> Address:
    """A URL (postgres://…) or keywords (host=… dbname=…). `source` names where the text stands. Raises UserError without the text."""
    url = _URL.fullmatch(text.strip())
    if url is None:
        return _keywords(text.strip(), source)
    if url["scheme"] not in _POSTGRESQL_SCHEMES:
        raise UserError(f"{source} is no URL of PostgreSQL: it starts with {url['scheme']}://.", "postgres://USER@HOST:PORT/NAME is one.")
    authority, rest = url["authority"], url["rest"] or ""
    login, _, place = authority.rpartition("@")
    user, _, password = login.partition(":")
    # of several hosts each may have a port, as libpq and pgx have it
    hosts, ports = [], []
    for one in place.split(","):
        host, port = _host_port(one)
        hosts.append(host)
        ports.append(port)
    parameters = dict(parse_qsl(rest.partition("#")[0].lstrip("?"), keep_blank_values=True))
    database = unquote((url["path"] or "/")[1:]) or parameters.pop("dbname", "")
    rest = re.sub(r"(?<=[?&])dbname=[^&#]*&?", "", rest).rstrip("?&")
    return Address(
        host=",".join(hosts).strip(",") or parameters.get("host", ""),
        port=_ports(ports) or parameters.get("port", "") or "5432",
        user=unquote(user) or parameters.get("user", ""),
        password=unquote(password) or parameters.get("password", ""),
        database=database,
        parameters=parameters,
        before=f"{url['scheme']}://{authority}/",
        after=rest,
    )


def _ports(ports: list[str]) -> str:
    return ",".join(p or "5432" for p in ports) if any(ports) else ""


def _keywords(text: str, source: str) -> Address:
    pairs, at = dict[str, str](), 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            raise UserError(
                f"{source} is neither a URL of PostgreSQL nor keywords.", "postgres://USER@HOST:PORT/NAME or host=HOST dbname=NAME are."
            )
        raw = found[2]
        pairs[found[1]] = re.sub(r"\\(.)", r"\1", raw[1:-1] if raw.startswith("'") else raw, flags=re.DOTALL)
        at = found.end()
    kept = re.sub(r"(?:^|(?<=\s))(?:dbname|database)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s\\']|\\.)*)\s*", "", text).strip()
    own = {"host", "port", "user", "password", "dbname", "database"}  # pgx takes the latter too
    return Address(
        host=pairs.get("host", ""),
        port=pairs.get("port", "5432"),
        user=pairs.get("user", ""),
        password=pairs.get("password", ""),
        database=pairs.get("dbname") or pairs.get("database", ""),
        parameters={k: v for k, v in pairs.items() if k not in own},
        before=f"{kept} dbname=".lstrip(),
        after="",
    )


def mysql(text: str, source: str) -> Address:
    """USER:PASSWORD@tcp(HOST:PORT)/NAME?… as go-sql-driver takes it, or a URL mysql://…, also with tcp(…). Raises UserError."""
    url = _URL.fullmatch(text.strip())
    scheme = url["scheme"] if url else ""
    if scheme and scheme not in ("mysql", "mariadb"):
        raise UserError(f"{source} is no address of MySQL: it starts with {scheme}://.", "USER:PASSWORD@tcp(HOST:PORT)/NAME is one.")
    bare = text.strip()[len(scheme) + 3 :] if scheme else text.strip()
    slash = bare.partition("?")[0].rfind("/") if scheme else bare.rfind("/")
    if slash < 0 and not scheme:
        raise UserError(f"{source} is no address of MySQL: it has no slash.", "USER:PASSWORD@tcp(HOST:PORT)/NAME is one.")
    left, right = (bare[:slash], bare[slash + 1 :]) if slash >= 0 else ("", "")
    if slash < 0:
        left, mark, query = bare.partition("?")
        right = mark + query
    login, _, place = left.rpartition("@")
    user, _, password = login.partition(":")
    database, mark, query = right.partition("?")
    socket, host, port = _place(place, plain=bool(scheme) and "(" not in place)
    return Address(
        host=host,
        port=port,
        user=unquote(user) if scheme else user,
        password=unquote(password) if scheme else password,
        database=unquote(database),
        parameters=dict(parse_qsl(query, keep_blank_values=True)),
        before=f"{scheme}://{left}/" if scheme else f"{left}/",
        after=mark + query,
        socket=socket,
    )


def _place(text: str, *, plain: bool) -> tuple[str, str, str]:
    """(socket, host, port) of net(addr), or of HOST:PORT where `plain`."""
    if plain:
        host, port = _host_port(text)
        return "", unquote(host) or "127.0.0.1", port or "3306"
    found = _NET.fullmatch(text)
    net, addr = (found["net"], found["addr"] or "") if found else ("tcp", text)
    if net == "unix":
        return addr or "/tmp/mysql.sock", "", ""
    host, port = _host_port(addr)
    return "", host or "127.0.0.1", port or "3306"


def _host_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = text.rpartition(":") if ":" in text else (text, "", "")
    return unquote(host), port


def file_url(path: str) -> str:
    """A URI of SQLite."""
    return "file:" + quote(path)
