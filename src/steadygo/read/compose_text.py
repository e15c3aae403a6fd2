"""The small languages inside compose values: `${VAR:-default}`, port and volume short syntax, shell words."""

from __future__ import annotations

import posixpath
import re
import shlex

from steadygo.read.quantities import byte_size

_REFERENCE = re.compile(r"\$(?:\$|\{|([A-Za-z_]\w*))")
_NAME = re.compile(r"([A-Za-z_]\w*)(:?[-?+])?")
_WHOLE = re.compile(r"\$(?:\{[A-Za-z_]\w*(?::?\?[^}]*)?\}|[A-Za-z_]\w*)")
_PORT = re.compile(r"(?:(?:\[[^\]]*\]|[\w.-]*):)??(?:(\d{0,5})(?:-(\d{1,5}))?:)?(\d{1,5})(?:-(\d{1,5}))?(?:/(\w+))?")
_REMOTE = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|git@|github\.com/)|\.git(?:#|$)")
MAX_RANGE = 100


def folded(text: str, depth: int = 0) -> str:
    """Put in the defaults of `${VAR:-default}` and `${VAR-default}`; other references stay as written, `$$` becomes `$`."""
    if "$" not in text or depth > 5:
        return text
    parts: list[str] = []
    position = 0
    while match := _REFERENCE.search(text, position):
        parts.append(text[position : match.start()])
        position = match.end()
        if match[0] == "$$":
            parts.append("$")
        elif match[0] != "${":
            parts.append(match[0])
        else:
            end = _closing(text, position)
            body = text[position:end]
            name = _NAME.match(body)
            if name is not None and name[2] in ("-", ":-"):
                parts.append(folded(body[name.end() :], depth + 1))
            else:
                parts.append(text[match.start() : end + 1])
            position = end + 1
    parts.append(text[position:])
    return "".join(parts)


def is_reference(text: str) -> bool:
    """Whether the whole text is one variable of the host without a default."""
    return bool(_WHOLE.fullmatch(text))


def _closing(text: str, position: int) -> int:
    depth = 1
    while position < len(text):
        if text.startswith("${", position):
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return len(text)


def shell_words(text: str) -> tuple[str, ...]:
    """A command given as one string, split as compose does; at blanks when its quotes do not match."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def port_pairs(text: str) -> list[tuple[int, int, str]]:
    """ "127.0.0.1:8080-8081:80-81/udp" → (container port, published port or 0, protocol); empty when it cannot be read."""
    match = _PORT.fullmatch(text.strip()) if len(text) < 100 else None
    if match is None:
        return []
    first, last = int(match[3]), int(match[4] or match[3])
    published = int(match[1]) if match[1] else 0
    ranged = (bool(match[2]) and int(match[2] or 0) - published == last - first) or not match[4]
    protocol = (match[5] or "tcp").upper()
    count = min(max(last - first, 0), MAX_RANGE - 1) + 1
    return [(first + step, published + step if published and ranged else 0, protocol) for step in range(count)]


def volume_parts(text: str) -> tuple[str, str, bool]:
    """ "src:/dst:ro" → (source or "", target, read only)."""
    parts = re.split(r":(?![\\/]{2})", text)
    if len(parts) > 1 and len(parts[0]) == 1 and parts[0].isalpha() and parts[1][:1] in ("\\", "/"):
        parts[:2] = [":".join(parts[:2])]
    if len(parts) == 1:
        return "", parts[0], False
    options = parts[2].split(",") if len(parts) > 2 else []
    return parts[0], parts[1], "ro" in options or "readonly" in options


def tmpfs_parts(text: str) -> tuple[str, float]:
    """ "/run:size=64m,mode=755" → (target, size in bytes or 0)."""
    target, _, options = text.partition(":")
    size = next((option[5:] for option in options.split(",") if option.startswith("size=")), "")
    return target, byte_size(size) or 0.0


def from_root(directory: str, path: str) -> str:
    """`path` relative to `directory` as a path from the repository's root, "" for the root; what is fetched from elsewhere as written."""
    if _REMOTE.search(path) or path.startswith(("/", "~", "$")):
        return path
    joined = posixpath.normpath(posixpath.join(directory, path))
    return "" if joined == "." else joined


def is_remote(path: str) -> bool:
    """Whether a build context or resource is fetched from elsewhere."""
    return bool(_REMOTE.search(path))
