"""What looks like a secret: by the variable's name, by credentials inside an address, or by the token's own shape.

`names_a_secret` is narrow, for what is reported; `may_name_a_secret` is wide, for what is kept: hiding too much costs nothing there.

Values of variables that look like secrets are never kept; lines of text are shown with what looks like one hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable

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
_SHAPES = re.compile(
    r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{15,}|xox[abprs]-[\w-]{10,}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}|(?:sk|rk)_live_[A-Za-z0-9]{16,}|AIza[0-9A-Za-z_-]{35}|dop_v1_[a-f0-9]{64}"
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})"
)

_MAY_NAME = re.compile(
    r"(?i)(?:^|[_.\-])(?:pass|passwd|passphrase|password|pwd|secrets?|tokens?|jwt|cookie|credentials?|creds|dsn|webhook|salt|pat"
    r"|(?:api|access|private|signing|encryption|account|master|session|shared|auth|license|ssh|gpg|service|storage|client)_?keys?)(?:$|[_.\-\d])"
    r"|(?:password|passwd|secret|apikey|token|authorization)$|(?<!public)_key$"
)
_MAY_NOT_NAME = re.compile(
    r"(?i)(?:_(?:file|path|dir|directory|url|uri|endpoint|host|port|ttl|timeout|expiry|expiration|enabled|name|id|length|type|algorithm))$"
)
_NEVER_SECRET = frozenset({"PWD", "OLDPWD", "GOAUTH", "SSH_AUTH_SOCK", "CREDENTIALS_DIRECTORY"})
_MORE_SHAPES = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.|\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}")
_INSIDE = (
    re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.\-]*://[^\s/@:]*:)(?P<secret>[^\s/@]+)(?=@)"),
    re.compile(r"(?P<before>https?://)(?P<secret>[A-Za-z0-9_\-.]{20,})(?=@)"),
    re.compile(r"(?i)(?P<before>\b(?:password|passwd|pwd|secret|token|api_?key|sig)=)(?P<secret>[^\s&;,'\"]+)"),
)

HIDDEN = "•••"
"""Stands in a shown line where a secret was."""

_WORD = (
    r"passw(?:or)?d|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key|credentials?|(?<![A-Za-z])(?:pass|pwd)(?![A-Za-z])"
    rf"|(?:{'|'.join(sorted(_SECRET_KEYS))})[_-]?keys?"
)
_NAME = rf"[\w.\-]{{0,40}}(?:{_WORD})[\w.\-]{{0,40}}"
_ASSIGNED = re.compile(rf"(?i)(?P<name>\b{_NAME}(?:[\"']?\s*(?::=|[:=])|[\"'],)\s*)(?P<quote>[\"'`])(?P<value>[^\"'`\s]{{4,}})(?P=quote)")
_BARE = re.compile(
    rf"(?i)(?P<name>(?:^|[\s\"',;])(?:export\s+)?(?:{_NAME}\s*[=:]\s*|(?<=ENV\s){_NAME}\s+))"
    r"(?P<value>[^\s\"'`$<{(\[][^\s\"'`(){}\[\],;]{3,})(?=[\s\"';,]|$)"
)
_IN_URL = re.compile(r"(?P<name>://[^\s/:@\"']{0,64}:)(?P<value>[^\s/@\"'${<]{1,128})@")
_PLAIN = re.compile(r"(?i)^(?:true|false|null|none|nil|yes|no|string|bool|int|required|optional|\d{1,5})$")
_REFERENCE = re.compile(r"(?i)(?:name|ref|file|path|dir|url|uri|ttl|expiry|timeout|length|size|seconds|type|id)[\"']?\s*(?::=|[:=,])?\s*$")
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_VALUE = re.compile(r"^(value\s*:\s*)(?![\"']?\$)\S.*$")
_NAME_LINE = re.compile(rf"(?i)^\s*-?\s*name\s*:\s*[\"']?{_NAME}[\"']?\s*$")


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


def may_name_a_secret(name: str) -> bool:
    """Whether the value of a variable called `name` is better not kept."""
    return name not in _NEVER_SECRET and not _MAY_NOT_NAME.search(name) and bool(_MAY_NAME.search(name))


def replaced(name: str, value: str, by: Callable[[str], str]) -> str:
    """`value` of the variable `name` with every part that may be a secret replaced by what `by` makes of it."""
    if may_name_a_secret(name) or any(shape.search(value) for shape in (_KEY_BLOCK, _SHAPES, _MORE_SHAPES)):
        return by(value)
    for pattern in _INSIDE:
        value = pattern.sub(lambda m: m["before"] + by(m["secret"]), value)
    return value


def holds_credentials(value: str) -> bool:
    """Whether a value carries a password in an address or DSN, a private key, or a token that its shape gives away."""
    return bool(_CREDENTIALS.search(value) or _KEY_BLOCK.search(value) or _SHAPES.search(value))


def is_secret(name: str, value: str) -> bool:
    """Whether `value` of the variable `name` must not be kept. Empty values, references and paths of credentials are none."""
    if not value or value.startswith(("$", "{{")) or (value.startswith("/") and name.upper().endswith("CREDENTIALS")):
        return False
    return names_a_secret(name) or holds_credentials(value)


def without_secrets(text: str, *, code: bool, above: str = "") -> str:
    """A line with the values hidden that look like secrets. In `code` only literals are values; elsewhere bare words are, too.

    `above` is the line before: Kubernetes writes a variable's name and its value on two lines.
    """
    if _VALUE.match(text) and _NAME_LINE.search(above):
        return _VALUE.sub(rf"\1{HIDDEN}", text)
    text = _SHAPES.sub(HIDDEN, text)
    text = _IN_URL.sub(lambda m: f"{m['name']}{HIDDEN}@", text)
    text = _ASSIGNED.sub(lambda m: m[0] if _harmless(m["name"], m["value"]) else f"{m['name']}{m['quote']}{HIDDEN}{m['quote']}", text)
    if not code:
        text = _BARE.sub(lambda m: m[0] if _harmless(m["name"], m["value"]) else f"{m['name']}{HIDDEN}", text)
    return text


def _harmless(name: str, value: str) -> bool:
    """A reference, a switch or a path says where the secret is, not what it is."""
    if _REFERENCE.search(name) or _PLAIN.match(value) or _VARIABLE.match(value):
        return True
    return value.startswith(("$", "/", "./", "{{", "<", HIDDEN)) or ":/" in value
