"""Source lines as a report may show them: bounded, harmless, without secrets."""

from __future__ import annotations

import re

from steadygo.report.escaping import clean
from steadygo.scan.result import Source

_LONGEST = 240  # characters of one line; minified files have lines of megabytes
_LOOKED_AT = 4 * _LONGEST  # so that no secret is cut in half before it is seen
_HIDDEN = "•••"
_NAME = r"[\w.\-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key|credentials?)[\w.\-]{0,40}"
_ASSIGNED = re.compile(rf"(?i)(?P<name>\b{_NAME}(?:[\"']?\s*(?::=|[:=])|[\"'],)\s*)(?P<quote>[\"'`])(?P<value>[^\"'`\s]{{4,}})(?P=quote)")
_BARE = re.compile(
    rf"(?i)(?P<name>(?:^|[\s\"',;])(?:export\s+)?(?:{_NAME}\s*[=:]\s*|(?<=ENV\s){_NAME}\s+))(?P<value>[^\s\"'`$<{{(\[][^\s\"'`(){{}}\[\],;]{{3,}})(?=[\s\"';,]|$)"
)
_IN_URL = re.compile(r"(?P<name>://[^\s/:@\"']{0,64}:)(?P<value>[^\s/@\"'${<]{1,128})@")
_KNOWN = re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[\w-]{10,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,})")
_PLAIN = re.compile(r"(?i)^(?:true|false|null|none|nil|yes|no|string|bool|int|required|optional|\d{1,5})$")
_REFERENCE = re.compile(r"(?i)(?:name|ref|file|path|dir|url|uri|ttl|expiry|timeout|length|size|seconds|type|id)[\"']?\s*(?::=|[:=,])?\s*$")
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_VALUE = re.compile(r"^(value\s*:\s*)(?![\"']?\$)\S.*$")
_SECRET_NAME = re.compile(rf"(?i)^\s*-?\s*name\s*:\s*[\"']?{_NAME}[\"']?\s*$")
_CODE = (".go", ".py", ".js", ".ts", ".rs")


def shown(source: Source, path: str, line: int) -> str | None:
    """The line as a person may see it, without its indentation; None when it cannot be shown."""
    text = source(path, line)
    if text is None:
        return None
    text = text.strip()
    if _VALUE.match(text) and _SECRET_NAME.search(source(path, line - 1) or ""):  # Kubernetes: name and value on two lines
        return _VALUE.sub(rf"\1{_HIDDEN}", text)
    safe = without_secrets(text[:_LOOKED_AT], code=path.endswith(_CODE))
    return clean(safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…")


def without_secrets(text: str, *, code: bool) -> str:
    """Hide values that look like secrets. In `code` only literals are values; elsewhere bare words are, too."""
    text = _KNOWN.sub(_HIDDEN, text)
    text = _IN_URL.sub(lambda m: f"{m['name']}{_HIDDEN}@", text)
    text = _ASSIGNED.sub(lambda m: m[0] if _harmless(m["name"], m["value"]) else f"{m['name']}{m['quote']}{_HIDDEN}{m['quote']}", text)
    if not code:
        text = _BARE.sub(lambda m: m[0] if _harmless(m["name"], m["value"]) else f"{m['name']}{_HIDDEN}", text)
    return text


def _harmless(name: str, value: str) -> bool:
    """A reference, a switch or a path says where the secret is, not what it is."""
    if _REFERENCE.search(name) or _PLAIN.match(value) or _VARIABLE.match(value):
        return True
    return value.startswith(("$", "/", "./", "{{", "<", _HIDDEN)) or ":/" in value
