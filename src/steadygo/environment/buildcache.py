"""Whether GOCACHE on tmpfs pays for this module: measured before advised, and the units that set it up with write-back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from steadygo.errors import UserError
from steadygo.tools import go as go_tool

ROUNDS = 2
_LEAST_GAIN = 0.10
_LEAST_SECONDS = 0.5
_MIB = 1 << 20


@dataclass(frozen=True)
class Measured:
    """Seconds of each round, cold (empty cache) and warm (everything cached), and what the cache came to."""

    disk_cold: tuple[float, ...]
    disk_warm: tuple[float, ...]
    memory_cold: tuple[float, ...]
    memory_warm: tuple[float, ...]
    cache_bytes: int
    free_bytes: int  # memory that is available

    @property
    def gain_seconds(self) -> float:
        """What tmpfs saves on a cold build, best round against best round."""
        return min(self.disk_cold) - min(self.memory_cold)

    @property
    def fits(self) -> bool:
        """Whether twice the cache fits into half of the memory that is available."""
        return self.cache_bytes * 4 <= self.free_bytes

    @property
    def pays(self) -> bool:
        """A gain of a tenth and half a second, larger than what the rounds differ by themselves, and room for it."""
        noise = max(max(r) - min(r) for r in (self.disk_cold, self.memory_cold))
        return self.fits and self.gain_seconds > max(_LEAST_SECONDS, noise, _LEAST_GAIN * min(self.disk_cold))


def measure(directory: Path, go: Path, disk: Path, memory: Path = Path("/dev/shm")) -> Measured:
    """Build the module with caches on `disk` (a directory where GOCACHE lies) and in `memory`, in turn. Raises UserError."""
    if not _is_tmpfs(memory):
        raise UserError(f"{memory} is no tmpfs.", "Mount one, or leave out --measure.")
    times: dict[str, list[float]] = {"disk cold": [], "disk warm": [], "memory cold": [], "memory warm": []}
    size = 0
    for _ in range(ROUNDS):
        for name, place in (("disk", disk), ("memory", memory)):
            with _empty(place) as cache:
                for kind in ("cold", "warm"):
                    seconds, complaint = go_tool.build_seconds(go, directory, cache)
                    if complaint:
                        raise UserError(f"This module does not build, so nothing was measured: {complaint}", "Run go build ./... first.")
                    times[f"{name} {kind}"].append(seconds)
                size = max(size, sum(f.stat().st_size for f in cache.rglob("*") if f.is_file()))
    disk_cold, disk_warm, memory_cold, memory_warm = (tuple(t) for t in times.values())
    return Measured(disk_cold, disk_warm, memory_cold, memory_warm, size, _available())


def advice(measured: Measured) -> str:
    """The figures, and what follows from them."""
    lines = [
        "GOCACHE        cold      warm    (go build ./..., best of "
        f"{len(measured.disk_cold)}; rounds: disk {_rounds(measured.disk_cold)}, tmpfs {_rounds(measured.memory_cold)})",
        f"  on disk   {min(measured.disk_cold):6.2f} s  {min(measured.disk_warm):6.2f} s",
        f"  on tmpfs  {min(measured.memory_cold):6.2f} s  {min(measured.memory_warm):6.2f} s",
        f"  the cache takes {measured.cache_bytes // _MIB} MiB, {measured.free_bytes // _MIB} MiB of memory are available",
    ]
    if measured.pays:
        lines.append(f"tmpfs pays: {measured.gain_seconds:.1f} s less for each cold build. --write DIR writes the units for it.")
    elif not measured.fits:
        lines.append("tmpfs does not pay: the cache would take too much of the memory.")
    else:
        lines.append("tmpfs does not pay: the difference is small, or no larger than that between two rounds.")
    return "\n".join(lines)


def write_units(folder: Path, measured: Measured, cache: Path, user: int, group: int) -> list[Path]:
    """Write the mount unit for `cache` and the service that fills it at start and writes it back at stop."""
    if not cache.is_absolute():
        raise UserError(f"GOCACHE is {cache}, which is no directory.", "go env -w GOCACHE=/path first.")
    name = escape_path(cache)
    kept = cache.with_name(cache.name + ".kept")
    size = max(256, -(-measured.cache_bytes * 2 // _MIB))
    mount = (
        "[Unit]\n"
        f"Description=Go build cache in memory ({cache})\n\n"
        "[Mount]\n"
        "What=tmpfs\n"
        f"Where={cache}\n"
        "Type=tmpfs\n"
        f"Options=size={size}M,mode=0700,uid={user},gid={group},nosuid,nodev\n\n"
        "[Install]\n"
        "WantedBy=local-fs.target\n"
    )
    service = (
        "[Unit]\n"
        "Description=Fill the Go build cache at start, write it back at stop\n"
        f"Requires={name}.mount\n"
        f"After={name}.mount\n\n"
        "[Service]\n"
        "Type=oneshot\n"
        "RemainAfterExit=yes\n"
        f"User={user}\n"
        f"Group={group}\n"
        f"ExecStart=/bin/mkdir -p {_quoted(kept)}\n"
        f"ExecStart=/bin/cp -a --update {_quoted(kept)}/. {_quoted(cache)}\n"
        f"ExecStop=/bin/cp -a --update {_quoted(cache)}/. {_quoted(kept)}\n"
        "TimeoutStopSec=300\n\n"
        "[Install]\n"
        f"WantedBy={name}.mount\n"
    )
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"{name}.mount", folder / "go-build-cache.service"]
    for path, text in zip(written, (mount, service), strict=True):
        path.write_text(text)
    return written


def escape_path(path: Path) -> str:
    """A path as systemd-escape --path writes it: the name that a mount unit for it must have."""
    inner = str(path).strip("/")
    if not inner:
        return "-"
    out = []
    for number, byte in enumerate(inner.encode()):
        c = chr(byte)
        if c == "/":
            out.append("-")
        elif (c.isascii() and c.isalnum()) or c in ":_" or (c == "." and number > 0):
            out.append(c)
        else:
            out.append(f"\\x{byte:02x}")
    return "".join(out)


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("%", "%%").replace(" ", "\\x20").replace("$", "$$")


def _rounds(seconds: tuple[float, ...]) -> str:
    return "/".join(f"{s:.2f}" for s in seconds)


@contextmanager
def _empty(place: Path) -> Iterator[Path]:
    cache = Path(tempfile.mkdtemp(prefix="steadygo-gocache-", dir=place))
    try:
        yield cache
    finally:
        shutil.rmtree(cache, ignore_errors=True)


def _is_tmpfs(path: Path) -> bool:
    try:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return False
    return any(fields[1] == str(path) and fields[2] == "tmpfs" for fields in (m.split() for m in mounts) if len(fields) > 2) and os.access(
        path, os.W_OK
    )


def _available() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
