"""An assignment: what a worker is to run, in which context, signed by the client and checked on arrival.

On the wire: 4 bytes of format, 32 of key id (SHA-256 of the raw public key), 64 of signature, then MessagePack.
Nothing of the MessagePack is looked at before the signature over it holds.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from steadygo.testing.cluster.refused import Refused
from steadygo.testing.compare import Stated

MOST_BYTES = 16 << 20
_FORMAT = b"SGA1"
_SIGNED = b"steadygo assignment 1\0"  # what is signed for one purpose cannot be passed off as signed for another
_HEAD = len(_FORMAT) + 32 + 64
_CLOCKS_MAY_DIFFER = datetime.timedelta(seconds=30)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_VARIABLE = re.compile(r"[^=\0]+")

# Differences that change what a test means. Variables travel with the assignment; what is left in these keys is the machine's own.
_REFUSE = (
    "go.version", "go.selected", "go.env.GOOS", "go.env.GOARCH", "go.env.GOAMD64", "go.env.GOARM", "go.env.GO386", "go.env.GOFLAGS",
    "go.env.GOEXPERIMENT", "go.env.GOFIPS140", "go.env.GO111MODULE", "go.env.CGO_", "godebug.", "kernel.arch", "libc.name", "time.zone",
    "locale", "process.umask", "env.GODEBUG", "env.TZ",
)  # fmt: skip


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One shard of a run for a worker. `attempt` counts from 1; a shard that is given out again has the next one.

    `source` is the digest of the manifest of source and test data, `fingerprint` the client's as JSON of the
    environment's room, `variables` the environment that go and the tests see, `worker` the name of the one it is for, "" for any.
    `directory` is where the run was asked for and `place` the package's, both below the top of the tree; `divided`: other shards have
    other tests of the package. `faults` are the words of --fault.
    """

    run: str
    shard: str
    attempt: int
    package: str
    tests: tuple[str, ...]
    flags: tuple[str, ...]
    variables: dict[str, str]
    source: str
    fingerprint: str
    issued: datetime.datetime
    expires: datetime.datetime
    worker: str = ""
    directory: str = "."
    place: str = "."
    divided: bool = False
    faults: tuple[str, ...] = ()


class Memory(Protocol):
    """Remembers assignments, so that none is accepted twice."""

    def is_new(self, run: str, shard: str, attempt: int, expires: datetime.datetime, now: datetime.datetime) -> bool:
        """Whether this one was never seen; from now on it was."""
        ...


@dataclass(frozen=True)
class Own:
    """What a worker knows of itself. `differences`: client's fingerprint (a) against its own (b) under the assignment's variables."""

    name: str
    memory: Memory
    differences: Callable[[Assignment], Iterable[Stated]]


def key_id(key: Ed25519PublicKey) -> bytes:
    """SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()


def sign(assignment: Assignment, key: Ed25519PrivateKey) -> bytes:
    """The bytes that travel."""
    payload = msgspec.msgpack.encode(assignment)
    return _FORMAT + key_id(key.public_key()) + key.sign(_SIGNED + payload) + payload


def accept(signed: bytes, public: Ed25519PublicKey, own: Own, now: datetime.datetime) -> Assignment:
    """Check everything about an assignment; `now` in UTC. Raises Refused with the sentence for the client."""
    assignment = _verified(signed, public)
    what = f"The assignment {assignment.run}/{assignment.shard[:12]}, attempt {assignment.attempt},"
    _sane(assignment, what)
    if assignment.worker not in ("", own.name):
        raise Refused(f"{what} is for worker {assignment.worker}, and this is {own.name}.")
    _timely(assignment, what, now)
    for stated in own.differences(assignment):
        if matters(stated):
            raise Refused(f"{own.name} does not run it: {difference(stated)}.")
    if not own.memory.is_new(assignment.run, assignment.shard, assignment.attempt, assignment.expires, now):
        raise Refused(f"{what} was already given to this worker: it is a replay.")
    return assignment


def matters(stated: Stated) -> bool:
    """Whether a worker that differs in this refuses; the others are let pass (number of CPUs, kernel, memory, tzdata, libc's version)."""
    if stated.key == "process.user":
        return (stated.a == "0") != (stated.b == "0")  # root passes permission tests that nobody else does
    return stated.key.startswith(_REFUSE)


def difference(stated: Stated) -> str:
    """`go.version is go1.26.5 at the client and go1.25.5 here (…)`"""
    return f"{stated.key} is {_value(stated.a)} at the client and {_value(stated.b)} here ({stated.why})"


def _value(value: str | None) -> str:
    return "unset" if value is None else (value or '""')[:80]


def _verified(signed: bytes, public: Ed25519PublicKey) -> Assignment:
    if len(signed) > MOST_BYTES:
        raise Refused(f"The assignment has {len(signed):,} bytes; {MOST_BYTES:,} are the most.")
    if len(signed) <= _HEAD or signed[: len(_FORMAT)] != _FORMAT:
        raise Refused("What arrived is no signed assignment of this steadygo.")
    named, signature, payload = signed[len(_FORMAT) : _HEAD - 64], signed[_HEAD - 64 : _HEAD], signed[_HEAD:]
    if named != key_id(public):
        raise Refused(
            f"The assignment names the signing key {named.hex()[:16]}, and this worker trusts {key_id(public).hex()[:16]}: "
            "it is of another cluster."
        )
    try:
        public.verify(signature, _SIGNED + payload)
    except InvalidSignature:
        raise Refused("The assignment's signature does not hold: it was forged, or altered on its way.") from None
    try:
        return msgspec.msgpack.decode(payload, type=Assignment)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Refused(f"The assignment is signed, but cannot be read: {error}. Client and worker need the same steadygo.") from None


def _sane(assignment: Assignment, what: str) -> None:
    """A signed text is still only a text: it becomes arguments, variables and paths here."""
    words = [assignment.run, assignment.shard, assignment.package, *assignment.tests, *assignment.flags, *assignment.variables.values()]
    words += [assignment.directory, assignment.place, *assignment.faults]
    if any("\0" in word for word in words) or not all(_VARIABLE.fullmatch(name) for name in assignment.variables):
        raise Refused(f"{what} holds a word that no process can be given.")
    if not assignment.package or assignment.package.startswith("-") or not assignment.run or not assignment.shard or assignment.attempt < 1:
        raise Refused(f"{what} does not say what to run.")
    if not _DIGEST.fullmatch(assignment.source):
        raise Refused(f"{what} names a manifest by something that is no SHA-256.")
    if any(path.startswith("/") or ".." in path.split("/") for path in (assignment.directory, assignment.place)):
        raise Refused(f"{what} names a directory outside of its tree.")
    if assignment.issued.tzinfo is None or assignment.expires.tzinfo is None or assignment.expires <= assignment.issued:
        raise Refused(f"{what} has no time in which it is valid.")


def _timely(assignment: Assignment, what: str, now: datetime.datetime) -> None:
    ahead, late = assignment.issued - now, now - assignment.expires
    if ahead > _CLOCKS_MAY_DIFFER:
        raise Refused(
            f"{what} was signed {_spoken(ahead)} from now: this worker's clock is behind the client's by at least that. Set the clocks."
        )
    if late > datetime.timedelta():
        raise Refused(
            f"{what} expired {_spoken(late)} ago: it was kept back, or this worker's clock is ahead of the client's by up to "
            f"{_spoken(now - assignment.issued)}."
        )


def _spoken(span: datetime.timedelta) -> str:
    seconds = span.total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{span.days} days"
