"""A fingerprint: everything about an environment that can change behaviour, each value with where it came from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from steadygo.errors import UserError

FORMAT = 1
_MOST_BYTES = 8 << 20


class Value(msgspec.Struct, frozen=True):
    """One stated thing. `value` None: it is there but cannot be known, and `origin` says why."""

    value: str | None
    origin: str


class Fingerprint(msgspec.Struct, frozen=True):
    """`values` are keyed by dotted names, "go.env.GOFLAGS", "env.TZ", "cgroup.cpu.max".

    `kind`: here image binary unit ci ssh. `closed` are key prefixes about which this side says everything: a key of a closed
    family that is absent is unset, a key of another family that is absent is not known.
    """

    kind: str
    label: str
    values: dict[str, Value]
    closed: tuple[str, ...] = ()
    taken: str = ""
    format: int = FORMAT

    def find(self, key: str) -> str | None:
        """The value of `key`, None when unset or not known."""
        stated = self.values.get(key)
        return stated.value if stated else None

    def says_unset(self, key: str) -> bool:
        """Whether `key` is known to be unset here."""
        return key not in self.values and key.startswith(self.closed)

    def family(self, prefix: str) -> dict[str, str]:
        """Known values below `prefix`, keyed by the rest of the name."""
        return {k[len(prefix) :]: v.value for k, v in self.values.items() if k.startswith(prefix) and v.value is not None}


class Stated(msgspec.Struct, frozen=True):
    """What a part of the capture says about one key, before it is put into a fingerprint."""

    key: str
    value: str | None
    origin: str


def gather(stated: Iterable[Stated]) -> dict[str, Value]:
    """Sorted values; a later statement of a key replaces an earlier one."""
    found = {s.key: Value(s.value, s.origin) for s in stated}
    return dict(sorted(found.items()))


def encode(fingerprint: Fingerprint) -> str:
    """Fingerprint -> indented JSON."""
    return msgspec.json.format(msgspec.json.encode(fingerprint), indent=2).decode()


def decode(text: str | bytes, name: str) -> Fingerprint:
    """JSON -> fingerprint. `name` is for the message."""
    try:
        found = msgspec.json.decode(text, type=Fingerprint)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{name} is not a fingerprint: {error}.", "Write one with `steadygo env show --json`.") from error
    if found.format != FORMAT:
        raise UserError(
            f"{name} is a fingerprint of format {found.format}, this steadygo reads format {FORMAT}.",
            "Take it again with `steadygo env show --json`.",
        )
    return found


def load(path: Path) -> Fingerprint:
    """Read a fingerprint's JSON file."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    if len(text) > _MOST_BYTES:
        raise UserError(f"{path} is larger than any fingerprint.", "Write one with `steadygo env show --json`.")
    return decode(text, str(path))
