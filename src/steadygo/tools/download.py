"""Fetch a file over HTTP(S), going on where an earlier try was cut off."""

from __future__ import annotations

import contextlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from steadygo.errors import UserError

_CHUNK_BYTES = 1 << 20


class NotThere(UserError):
    """The server says that there is no such file (404 or 410)."""


def fetch(
    url: str, into: Path, most_bytes: int, progress: Callable[[int], None] = lambda size: None, timeout_seconds: float = 30.0
) -> None:
    """Write `url` to `into`; what is already in `into` is kept and the rest asked for.

    A transfer that breaks off raises UserError and leaves what came, for the next try. Raises NotThere for 404.
    """
    have = into.stat().st_size if into.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "steadygo", **({"Range": f"bytes={have}-"} if have else {})})
    try:
        with contextlib.closing(urllib.request.urlopen(request, timeout=timeout_seconds)) as answer:
            if answer.status != 206:
                have = 0
            stated = answer.headers.get("Content-Length")
            expected = have + int(stated) if stated and stated.isdecimal() else None
            if expected is not None and expected > most_bytes:
                raise UserError(f"{url} has {expected:,} bytes, more than any such file.", "It is refused.")
            with into.open("ab" if have else "wb") as out:
                while chunk := answer.read(_CHUNK_BYTES):
                    have += len(chunk)
                    if have > most_bytes:
                        raise UserError(f"{url} is larger than any such file.", "It is refused.")
                    out.write(chunk)
                    progress(have)
            if expected is not None and have < expected:
                raise _cut_off(url, have, expected)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            return  # everything was there already
        if error.code in (404, 410):
            raise NotThere(f"{url} does not exist ({error.code}).", "Check the version and the mirror.") from error
        raise UserError(f"{url} cannot be fetched: {error.code} {error.reason}.", "Check the mirror.") from error
    except http.client.IncompleteRead as error:
        raise _cut_off(url, into.stat().st_size, None) from error
    except (urllib.error.URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UserError(
            f"{url} cannot be fetched: {reason}.", "Check the network and the mirror, then run it again: it goes on where it was."
        ) from error


def _cut_off(url: str, have: int, expected: int | None) -> UserError:
    of = f" of {expected:,}" if expected else ""
    return UserError(f"{url} was cut off after {have:,}{of} bytes.", "Run it again: it goes on where it was.")
