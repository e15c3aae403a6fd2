"""cgroup v1 and v2 limits, of this process's group and of all its ancestors.

Go reads the CPU limit of the leaf group alone (runtime/cgroup_linux.go, golang/go#81180): a tighter ancestor throttles a program that
does not know. So both are stated: "cgroup.cpu.max" is the leaf's, "cgroup.cpu.tightest" the tightest of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steadygo.environment.fingerprint import Stated

_UNLIMITED_BYTES = 1 << 60  # v1 writes a page-rounded 2^63 for "no limit"


@dataclass(frozen=True)
class Group:
    """One controller's directory, leaf first, up to the mount."""

    version: int
    controllers: frozenset[str]
    directories: tuple[Path, ...]


def find_groups(cgroup: str, mountinfo: str, root: Path = Path("/")) -> list[Group]:
    """Join /proc/self/cgroup with /proc/self/mountinfo. In a container the path can lie above the mount: then the mount's root counts."""
    mounts: list[tuple[int, frozenset[str], str, str]] = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        options = frozenset(kind[2].split(",")) if kind[0] == "cgroup" else frozenset[str]()
        mounts.append((1 if kind[0] == "cgroup" else 2, options, _unescaped(fields[3]), _unescaped(fields[4])))
    groups: list[Group] = []
    for line in cgroup.splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        version = 1 if names else 2
        controllers = frozenset(names.split(",")) if names else frozenset[str]()
        for kind_version, options, mount_root, point in mounts:
            if kind_version != version or not controllers <= options:
                continue
            below = path[len(mount_root) :] if path == mount_root or path.startswith(mount_root.rstrip("/") + "/") else ""
            top = root / point.lstrip("/")
            parts = [p for p in below.split("/") if p not in ("", ".", "..")]
            chain = [top.joinpath(*parts[:n]) for n in range(len(parts), -1, -1)]
            groups.append(Group(version, controllers, tuple(chain)))
            break
    return groups


def cpu_limit(directory: Path, version: int) -> float | None:
    """Cores of quota in one group, None without a limit."""
    if version == 2:
        quota, _, period = _read(directory / "cpu.max").partition(" ")
    else:
        quota, period = _read(directory / "cpu.cfs_quota_us"), _read(directory / "cpu.cfs_period_us")
    if not quota.isdecimal() or not period.isdecimal() or int(period) == 0:
        return None
    return int(quota) / int(period)


def bytes_limit(directory: Path, version: int, name: str) -> int | None:
    """A memory limit of one group in bytes, None without one. `name`: max high."""
    text = _read(
        directory / (f"memory.{name}" if version == 2 else {"max": "memory.limit_in_bytes", "high": "memory.soft_limit_in_bytes"}[name])
    )
    return int(text) if text.isdecimal() and int(text) < _UNLIMITED_BYTES else None


def capture(groups: list[Group]) -> Iterator[Stated]:
    """cgroup.version, and cgroup.{cpu,memory,pids}.* with the group that sets the tightest limit."""
    if not groups:
        yield Stated("cgroup.version", "none", "no cgroup file system is mounted")
        return
    versions = {g.version for g in groups if g.version == 1 and g.controllers & {"cpu", "memory", "pids"}} or {2}
    yield Stated("cgroup.version", "v1" if 1 in versions else "v2", "/proc/self/cgroup")
    for group in groups:
        for controller in ("cpu", "memory", "pids", "cpuset"):
            if group.version == 2 and 1 in versions and not any((d / f"{controller}.max").exists() for d in group.directories):
                continue
            if group.version == 1 and controller not in group.controllers:
                continue
            yield from _controller(group, controller)


def _controller(group: Group, controller: str) -> Iterator[Stated]:
    leaf = group.directories[0]
    if controller == "cpu":
        limits = [(limit, d) for d in group.directories if (limit := cpu_limit(d, group.version)) is not None]
        own = cpu_limit(leaf, group.version)
        yield Stated("cgroup.cpu.max", "none" if own is None else f"{own:g}", str(leaf))
        if limits:
            yield Stated("cgroup.cpu.tightest", f"{min(limits)[0]:g}", str(min(limits)[1]))
    elif controller == "memory":
        for name in ("max", "high"):
            found = [(limit, d) for d in group.directories if (limit := bytes_limit(d, group.version, name)) is not None]
            yield Stated(f"cgroup.memory.{name}", str(min(found)[0]) if found else "none", str(min(found)[1]) if found else str(leaf))
    elif controller == "pids":
        pids = [(int(text), d) for d in group.directories if (text := _read(d / "pids.max")).isdecimal()]
        yield Stated("cgroup.pids.max", str(min(pids)[0]) if pids else "none", str(min(pids)[1]) if pids else str(leaf))
    else:
        for name in ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"):
            if text := _read(leaf / name):
                yield Stated("cgroup.cpuset", text, str(leaf / name))
                return


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""


def _unescaped(text: str) -> str:
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
