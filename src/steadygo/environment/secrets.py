"""Keep only a keyed hash of what may be a secret.

The same secret under the same user's key has the same hash, so two fingerprints of one user can still be compared. Hashes under
different keys say nothing about each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from steadygo.errors import UserError
from steadygo.facts.secrets import replaced

_MARK = "secret:"
_KEY_BYTES = 32


class Sealer:
    """Replaces secrets by hashes under one user's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.key_id = hmac.new(key, b"steadygo key id", hashlib.sha256).hexdigest()[:8]

    def seal(self, name: str, value: str) -> str:
        """`value` when it holds no secret; else with every secret in it replaced by `secret:KEYID:HASH`."""
        if not value or value.startswith(_MARK):
            return value
        return replaced(name, value, self.hash)

    def hash(self, value: str) -> str:
        """The keyed hash of a whole secret."""
        digest = hmac.new(self._key, value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:24]
        return f"{_MARK}{self.key_id}:{digest}"


def comparable(a: str, b: str) -> bool:
    """Whether two values can be told apart: secrets hashed under different keys cannot."""
    return _key_ids(a) == _key_ids(b) or not (_key_ids(a) and _key_ids(b))


def _key_ids(value: str) -> set[str]:
    return {part[:8] for part in value.split(_MARK)[1:]}


def throwaway() -> Sealer:
    """Hashes under a key that nobody keeps: they compare with no others."""
    return Sealer(secrets.token_bytes(_KEY_BYTES))


def load_key(path: Path) -> bytes:
    """This user's key; made on the first use, readable by the user alone."""
    for _ in range(2):
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            _make_key(path)
            continue
        except OSError as error:
            raise UserError(f"The key for hashing secrets, {path}, cannot be read: {error.strerror}.") from error
        if len(key) == _KEY_BYTES:
            return key
        raise UserError(f"The key for hashing secrets, {path}, is damaged.", "Remove it: a new one is made, old hashes no longer compare.")
    raise UserError(f"The key for hashing secrets cannot be made at {path}.", "Set XDG_STATE_HOME to a directory you can write.")


def _make_key(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, secrets.token_bytes(_KEY_BYTES))
            # link() and not rename(): two first runs at once must end with one key.
            with contextlib.suppress(FileExistsError):
                os.link(part, path)
        finally:
            os.close(descriptor)
            part.unlink()
    except OSError as error:
        raise UserError(
            f"The key for hashing secrets cannot be made at {path}: {error.strerror}.", "Set XDG_STATE_HOME to a directory you can write."
        ) from error
