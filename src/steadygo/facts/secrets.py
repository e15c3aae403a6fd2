"""What looks like a secret: by the variable's name, or by credentials inside an address. Values of those are never kept."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    {"password", "passwd", "passphrase", "pwd", "pass", "secret", "secrets", "token", "tokens", "credential", "credentials", "apikey"}
)
_SECRET_ENDS = ("password", "passwd", "passphrase", "secret", "token", "apikey")
_SECRET_KEYS = frozenset(
    {
        "api",
        "access",
        "private",
        "secret",
        "encryption",
        "signing",
        "signature",
        "master",
        "auth",
        "hmac",
        "jwt",
        "session",
        "cookie",
        "license",
    }
)
_NOT_THE_SECRET = frozenset(  # a name that ends so says where it is, or something about it
    {
        "file",
        "path",
        "dir",
        "directory",
        "name",
        "url",
        "uri",
        "endpoint",
        "host",
        "port",
        "ttl",
        "expiry",
        "expiration",
        "expires",
        "lifetime",
    }
    | {
        "length",
        "size",
        "min",
        "max",
        "minutes",
        "seconds",
        "hours",
        "days",
        "duration",
        "timeout",
        "enabled",
        "required",
        "issuer",
        "type",
    }
    | {"policy", "attempts", "limit", "header", "ref", "arn", "id", "prefix", "algorithm", "rotation", "interval"}
)
_CREDENTIALS = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s/@:]*:(?!\$)[^\s/@]+@|^[^\s:/@]+:[^\s@]+@(?:tcp|unix)?\(|\bpassword=(?!\$)[^\s;&]+", re.I
)
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")


def names_a_secret(name: str) -> bool:
    """Whether a variable called `name` is likely to hold a secret: DB_PASSWORD, apiKey, GITHUB_TOKEN; not TOKEN_TTL, KEY_FILE, PWD."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _NOT_THE_SECRET or words in (["pwd"], ["oldpwd"]):
        return False
    if _SECRET_WORDS.intersection(words) or any(word.endswith(_SECRET_ENDS) for word in words):
        return True
    if words[-1] in ("key", "keys"):
        return len(words) == 1 or words[-2] in _SECRET_KEYS
    return False


def holds_credentials(value: str) -> bool:
    """Whether a value carries a password in an address or DSN, or a private key."""
    return bool(_CREDENTIALS.search(value) or _KEY_BLOCK.search(value))


def is_secret(name: str, value: str) -> bool:
    """Whether `value` of the variable `name` must not be kept. Empty values, references and paths of credentials are none."""
    if not value or value.startswith(("$", "{{")) or (value.startswith("/") and name.upper().endswith("CREDENTIALS")):
        return False
    return names_a_secret(name) or holds_credentials(value)
