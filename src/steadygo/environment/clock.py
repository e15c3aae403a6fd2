"""Time zone, tzdata and the clock: what a Go program takes for local time, and whether the host's clock is kept in step.

Source of the zone rules: time/zoneinfo_unix.go (TZ unset: /etc/localtime; TZ empty: UTC; a zone that is not found: UTC, silently).
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from steadygo.environment.fingerprint import Stated
from steadygo.tools import chrony

ZONES = ("usr/share/zoneinfo", "usr/share/lib/zoneinfo", "usr/lib/locale/TZ", "etc/zoneinfo")
_TIME_ERROR = 5
_VERSION = re.compile(r"^# version (\S+)", re.MULTILINE)


def capture(environment: Mapping[str, str], root: Path = Path("/")) -> Iterator[Stated]:
    """time.zone, time.tzdata, clock.*"""
    yield zone(environment.get("TZ"), root)
    yield tzdata(root)
    yield from synchronisation()


def zone(tz: str | None, root: Path) -> Stated:
    """The zone that time.Local becomes with this TZ (None is unset) on this file system."""
    if tz is None:
        link = root / "etc/localtime"
        if not os.path.lexists(link):
            return Stated("time.zone", "UTC", "no TZ and no /etc/localtime")
        try:
            target = os.readlink(link)
        except OSError:
            return Stated("time.zone", "/etc/localtime", "no TZ; /etc/localtime is a copy, so the zone has no name")
        name = target.partition("zoneinfo/")[2] or target
        if not (root / "etc" / target).exists() and not (root / target.lstrip("/")).exists():
            return Stated("time.zone", "UTC", f"no TZ; /etc/localtime points to {target}, which is missing")
        return Stated("time.zone", name, "no TZ; /etc/localtime")
    name = tz.removeprefix(":")
    if not name:
        return Stated("time.zone", "UTC", "TZ is set and empty")
    places = [root / name.lstrip("/")] if name.startswith("/") else [root / z / name for z in ZONES]
    if name in ("UTC", "UTC0", "Etc/UTC") or any(p.is_file() for p in places):
        return Stated("time.zone", name, "TZ")
    return Stated("time.zone", "UTC", f"TZ={tz} names no zone here: Go falls back to UTC without a word")


def tzdata(root: Path) -> Stated:
    """The version of the installed time zone database; "none" when there is none."""
    for name in ZONES:
        directory = root / name
        for file, pattern in (("tzdata.zi", _VERSION), ("+VERSION", re.compile(r"^(\S+)"))):
            try:
                with (directory / file).open(encoding="ascii", errors="replace") as f:
                    head = f.read(200)
            except OSError:
                continue
            if found := pattern.search(head):
                return Stated("time.tzdata", found[1], f"/{name}/{file}")
        if (directory / "Europe").is_dir():
            return Stated("time.tzdata", None, f"/{name} does not say its version")
    return Stated("time.tzdata", "none", "no zoneinfo directory")


class _Timex(ctypes.Structure):
    """struct timex of the kernel, long-sized fields, with room for what later kernels add."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def synchronisation() -> Iterator[Stated]:
    """clock.synchronised from the kernel (adjtimex, which needs no privilege), clock.offset from chrony where it runs."""
    state = _Timex()
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    except (OSError, AttributeError):
        answer = -1
    if answer < 0:
        yield Stated("clock.synchronised", None, "the kernel does not say (adjtimex)")
    else:
        yield Stated("clock.synchronised", "no" if answer == _TIME_ERROR else "yes", "adjtimex")
        if answer != _TIME_ERROR:
            yield Stated("clock.error_seconds", f"{state.maxerror / 1e6:.3f}", "adjtimex, largest error")
    offset = chrony.offset_seconds()
    if offset is not None:
        yield Stated("clock.offset_seconds", f"{offset:.6f}", "chronyc tracking")
