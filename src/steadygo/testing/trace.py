"""W3C trace context for tests, as OpenTelemetry's environment variable carriers spell it: TRACEPARENT."""

from __future__ import annotations

import hashlib
import re

VARIABLE = "TRACEPARENT"
_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent(run: str, shard: str, given: str = "") -> str:
    """`00-TRACE-SPAN-01`. The trace id is the run's, the same for all its test binaries; the parent span is this binary's.

    A valid one that is `given` stays: the tests then join the trace of the pipeline that started them.
    """
    return given if _VALID.fullmatch(given) else f"00-{trace_id(run)}-{_hash(f'{run}/{shard}')[:16]}-01"


def trace_id(run: str) -> str:
    """The 32 hexadecimal digits that stand for a run: the start of the SHA-256 of its id."""
    return _hash(run)[:32]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
