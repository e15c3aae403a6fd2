"""Recognise secrets by name and by shape, and keep only a keyed hash of them.

The same secret under the same user's key has the same hash, so two fingerprints of one user can still be compared. Hashes under
different keys say nothing about each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from steadygo.errors import UserError

_MARK = "secret:"
_KEY_BYTES = 32

_NAME = re.compile(
    r"(?i)(?:^|[_.\-])(?:pass|passwd|passphrase|password|pwd|secrets?|tokens?|jwt|cookie|credentials?|creds|dsn|webhook|salt|pat"
    r"|(?:api|access|private|signing|encryption|account|master|session|shared|auth|license|ssh|gpg|service|storage|client)_?keys?)(?:$|[_.\-\d])"
    r"|(?:password|passwd|secret|apikey|token|authorization)$|(?<!public)_key$"
)
# Names that the rule above takes for secrets, but that hold a path, a switch or a list of hosts.
_NOT_SECRET = re.compile(
    r"(?i)(?:_(?:file|path|dir|directory|url|uri|endpoint|host|port|ttl|timeout|expiry|expiration|enabled|name|id|length|type|algorithm))$"
)
_NEVER_SECRET = frozenset({"PWD", "OLDPWD", "GOAUTH", "SSH_AUTH_SOCK", "CREDENTIALS_DIRECTORY"})
_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{15,}|xox[abprs]-[A-Za-z0-9-]{10,})"
    r"|\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|\bAIza[0-9A-Za-z_-]{35}"
    r"|\bdop_v1_[a-f0-9]{64}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
)
_USER_INFO = re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.\-]*://[^\s/@:]*:)(?P<secret>[^\s/@]+)(?=@)")
_TOKEN_INFO = re.compile(r"(?P<before>https?://)(?P<secret>[A-Za-z0-9_\-.]{20,})(?=@)")
_PAIR = re.compile(r"(?i)(?P<before>\b(?:password|passwd|pwd|secret|token|api_?key|sig)=)(?P<secret>[^\s&;,'\"]+)")


class Sealer:
    """Replaces secrets by hashes under one user's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.key_id = hmac.new(key, b"steadygo key id", hashlib.sha256).hexdigest()[:8]

    def seal(self, name: str, value: str) -> str:
        """`value` when it holds no secret; else with every secret in it replaced by `secret:KEYID:HASH`."""
        if not value or value.startswith(_MARK):
            return value
        if is_secret_name(name) or _SHAPES.search(value):
            return self.hash(value)
        for pattern in (_USER_INFO, _TOKEN_INFO, _PAIR):
            value = pattern.sub(lambda m: m["before"] + self.hash(m["secret"]), value)
        return value

    def hash(self, value: str) -> str:
        """The keyed hash of a whole secret."""
        digest = hmac.new(self._key, value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:24]
        return f"{_MARK}{self.key_id}:{digest}"


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    return name not in _NEVER_SECRET and not _NOT_SECRET.search(name) and bool(_NAME.search(name))


def comparable(a: str, b: str) -> bool:
    """Whether two values can be told apart: secrets hashed under different keys cannot."""
    return _key_ids(a) == _key_ids(b) or not (_key_ids(a) and _key_ids(b))


def _key_ids(value: str) -> set[str]:
    return {part[:8] for part in value.split(_MARK)[1:]}


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
        finally:
            os.close(descriptor)
        # link() and not rename(): two first runs at once must end with one key.
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    except OSError as error:
        raise UserError(
            f"The key for hashing secrets cannot be made at {path}: {error.strerror}.", "Set XDG_STATE_HOME to a directory you can write."
        ) from error
