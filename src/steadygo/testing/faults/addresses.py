"""Where a dependency is, read out of the text that names it, and the same text with other addresses in it.

Understood: URLs (several hosts too), host:port lists, MySQL's user:password@tcp(host:port)/db, and libpq's host=… port=….
Nothing of the text is ever printed: it holds passwords.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_PORTS = {
    "postgres": 5432, "postgresql": 5432, "cockroachdb": 26257, "mysql": 3306, "mariadb": 3306, "redis": 6379, "rediss": 6379,
    "valkey": 6379,
    "http": 80, "ws": 80, "https": 443, "wss": 443, "amqp": 5672, "amqps": 5671, "mongodb": 27017, "nats": 4222, "kafka": 9092,
    "memcached": 11211, "clickhouse": 9000, "sqlserver": 1433, "ldap": 389, "ldaps": 636, "smtp": 25, "mqtt": 1883, "mqtts": 8883,
}  # fmt: skip
_URL = re.compile(r"(?P<scheme>(?:jdbc:)?[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_DSN = re.compile(r"(?P<user>.*@)?(?P<net>[a-z0-9]+)(?:\((?P<address>[^()]*)\))?(?P<rest>/[^/@]*)", re.DOTALL)
_KEYWORD = re.compile(r"(?P<before>(?:^|\s)(?P<key>host|hostaddr|port)\s*=\s*)(?P<value>'[^']*'|\S*)")
_PLAIN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+(?:%\w+)?\]|[^\s:\[\]/@,=]*):(?P<port>\d{1,5})")


class Address(NamedTuple):
    """A host (IPv6 without brackets) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class NoAddress(Exception):
    """The text names no host and port. The message is the end of a sentence about the variable that holds the text."""


Put = Callable[[Address], Address]


def rewritten(text: str, put: Put) -> str:
    """The text with each address replaced by what `put` makes of it. Raises NoAddress."""
    url = _URL.fullmatch(text.strip())
    if url:
        return _url(url, put)
    dsn = _DSN.fullmatch(text.strip())
    if dsn and (dsn["address"] is not None or dsn["user"] is not None):
        return _dsn(dsn, put)
    if _KEYWORD.search(text):
        return _keywords(text, put)
    return ",".join(str(put(_plain(part.strip(), None))) for part in text.split(","))


def found(text: str) -> list[Address]:
    """The addresses in a text. Raises NoAddress."""
    seen: list[Address] = []

    def take(address: Address) -> Address:
        seen.append(address)
        return address

    rewritten(text, take)
    return seen


def _url(match: re.Match[str], put: Put) -> str:
    scheme = match["scheme"].lower().removeprefix("jdbc:")
    if scheme.endswith("+srv"):
        raise NoAddress("names hosts through DNS (SRV), which a proxy cannot stand in front of")
    user, at, hosts = match["authority"].rpartition("@")
    if scheme == "unix" or not hosts or hosts.startswith("%2"):
        raise NoAddress("names no host; a Unix socket has no proxy in front of it")
    inner = re.fullmatch(r"(tcp[46]?)\(([^()]*)\)", hosts)
    if inner:
        return f"{match['scheme']}://{user}{at}{inner[1]}({put(_plain(inner[2], _PORTS.get(scheme)))}){match['rest']}"
    port = _PORTS.get(scheme, _PORTS.get(scheme.partition("+")[0]))
    there = ",".join(str(put(_plain(host, port))) for host in hosts.split(","))
    return f"{match['scheme']}://{user}{at}{there}{match['rest']}"


def _dsn(match: re.Match[str], put: Put) -> str:
    if not match["net"].startswith("tcp"):
        raise NoAddress(f"connects by {match['net']}, not by TCP")
    address = put(_plain(match["address"] or "127.0.0.1", 3306))
    return f"{match['user'] or ''}{match['net']}({address}){match['rest']}"


def _keywords(text: str, put: Put) -> str:
    values = {m["key"]: m["value"].strip("'") for m in _KEYWORD.finditer(text)}
    host = values.get("hostaddr") or values.get("host", "")
    if not host or host.startswith(("/", "@")):
        raise NoAddress("names no host; a Unix socket has no proxy in front of it")
    hosts, ports = host.split(","), (values.get("port") or "5432").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise NoAddress("has another number of ports than of hosts")
    there = [put(_plain(f"[{h}]:{p}" if ":" in h else f"{h}:{p}", None)) for h, p in zip(hosts, ports, strict=True)]
    new = {"host": ",".join(a.host for a in there), "port": ",".join(str(a.port) for a in there)}
    new["hostaddr"] = new["host"]
    said = _KEYWORD.sub(lambda m: m["before"] + new[m["key"]], text)
    return said if "port" in values else f"{said} port={new['port']}"


def _plain(text: str, port: int | None) -> Address:
    match = _PLAIN.fullmatch(text)
    if match is None and port is not None and text and not re.search(r"[\s/@,=]", text.strip("[]")) and (":" not in text or text[0] == "["):
        match = _PLAIN.fullmatch(f"{text}:{port}")
    if match is None:
        raise NoAddress("holds no host and port")
    if not 0 < int(match["port"]) < 65536:
        raise NoAddress("holds no port from 1 to 65535")
    return Address(match["host"].strip("[]") or "127.0.0.1", int(match["port"]))
