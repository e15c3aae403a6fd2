"""What of a service's binary needs cgo or a C library, and whether a compilation has cgo switched on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steadygo.facts import libc
from steadygo.facts.compilations import Compilation
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Place

_RESOLVER = re.compile(
    r"^(net|net/(http|rpc|smtp|mail|textproto)(/.*)?|os/user|crypto/tls|crypto/x509|log/syslog|expvar"
    r"|google\.golang\.org/grpc|github\.com/(gin-gonic/gin|spf13/(cobra|pflag)|labstack/echo(/v\d+)?|go-chi/chi(/v\d+)?))$"
)
_NEEDS_CGO = {
    "github.com/mattn/go-sqlite3": "github.com/mattn/go-sqlite3",
    "gorm.io/driver/sqlite": "github.com/mattn/go-sqlite3",
    "github.com/confluentinc/confluent-kafka-go/kafka": "librdkafka",
    "github.com/confluentinc/confluent-kafka-go/v2/kafka": "librdkafka",
}
_ALWAYS = {"linux", "unix", "amd64", "cgo"}


@dataclass(frozen=True)
class Need:
    """Why a binary wants cgo. `kind`: "c" (own C code) · "module" (a module that is a stub without cgo) · "libc" (resolver, users)."""

    kind: str
    what: str
    at: Place


def needs(repository: Repository, service: Service, tags: frozenset[str] = frozenset()) -> list[Need]:
    """The strongest reasons first, at most one of a kind; files whose build constraint is not surely met are left out."""
    found: dict[str, Need] = {}
    for directory in sorted(service.packages):
        for file in repository.go.packages[directory].files:
            words = set(re.findall(r"!?\w+", file.constraint))
            if not words <= _ALWAYS | tags:
                continue
            for each in file.imports:
                at = Place(file.path, each.line)
                if each.path == "C":
                    found.setdefault("c", Need("c", "C code", at))
                elif each.path in _NEEDS_CGO:
                    found.setdefault("module", Need("module", _NEEDS_CGO[each.path], at))
                elif _RESOLVER.match(each.path) and not ("netgo" in tags and (each.path != "os/user" or "osusergo" in tags)):
                    found.setdefault("libc", Need("libc", each.path, at))
    return [found[kind] for kind in ("c", "module", "libc") if kind in found]


def enabled(compilation: Compilation) -> bool | None:
    """Whether the compilation uses cgo on a machine of its own architecture; None when that is not known."""
    stated = compilation.settings.get("CGO_ENABLED")
    if stated is not None:
        return {"0": False, "1": True}.get((stated.value or "").strip("'\""))
    if compilation.image is None or compilation.stage is None or _foreign(compilation):
        return None
    return libc.has_compiler(compilation.image, compilation.stage)


def _foreign(compilation: Compilation) -> bool:
    """Whether GOOS or GOARCH may name another system than the image's own: then cgo is off by default."""
    system, machine = compilation.value("GOOS"), compilation.value("GOARCH")
    return (system is not None and system != "linux" and "$" not in system) or (
        machine is not None and machine != "amd64" and "$" not in machine
    )
