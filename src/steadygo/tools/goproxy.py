"""Ask a module proxy which versions of a module it lists (https://go.dev/ref/mod#goproxy-protocol)."""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError

_MOST_BYTES = 4 << 20


class Listed(NamedTuple):
    """A proxy's `@v/list`. `problem` says why there is none; `is_absent`: the proxy answered that it does not have the module."""

    versions: tuple[str, ...] = ()
    problem: str = ""
    is_absent: bool = False


def versions(proxy: str, module: str, timeout_seconds: float) -> Listed:
    """The versions of `module` that `proxy` (file://, http:// or https://) lists, in its order."""
    escaped = re.sub(r"[A-Z]", lambda m: "!" + m[0].lower(), module)
    try:
        url = urllib.parse.urlsplit(proxy)
        if url.scheme == "file":
            data = (Path(urllib.parse.unquote(url.path)) / escaped / "@v/list").read_bytes()[:_MOST_BYTES]
        else:
            data = _get(url, f"/{urllib.parse.quote(escaped, safe='/!~')}/@v/list", timeout_seconds)
    except FileNotFoundError:
        return Listed((), "it is not there", True)
    except HTTPError as error:
        return Listed((), f"{error.code} {error.reason}", error.code in (404, 410))
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        return Listed((), str(getattr(error, "reason", None) or error))
    return Listed(tuple(line.split()[0] for line in data.decode("utf-8", "replace").splitlines() if line.strip()))


def _get(url: urllib.parse.SplitResult, path: str, timeout_seconds: float) -> bytes:
    if url.scheme not in ("http", "https"):
        raise ValueError(f"{url.scheme or 'no scheme'} is not spoken here")
    user, at, host = url.netloc.rpartition("@")
    request = urllib.request.Request(f"{url.scheme}://{host}{url.path.rstrip('/')}{path}", headers={"User-Agent": "steadygo"})
    if at:
        word = base64.b64encode(urllib.parse.unquote(user).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {word}")
    with contextlib.closing(urllib.request.urlopen(request, timeout=timeout_seconds)) as answer:
        return bytes(answer.read(_MOST_BYTES))
