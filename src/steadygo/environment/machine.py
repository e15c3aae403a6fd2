"""The machine under the process: kernel, CPU, libc, limits, umask, roots of trust."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import resource
from collections.abc import Iterator, Mapping
from pathlib import Path

from steadygo.environment.fingerprint import Stated

# The x86-64 psABI levels, which are what GOAMD64=v1…v4 ask for.
_LEVELS = (
    ("v2", ("cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3")),
    ("v3", ("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave")),
    ("v4", ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")),
)
_LIMITS = ("nofile", "nproc", "core", "memlock", "stack", "as", "data", "fsize", "sigpending", "msgqueue", "nice", "rtprio")
# crypto/x509/root_linux.go: the first file that exists counts.
ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def capture(environment: Mapping[str, str]) -> Iterator[Stated]:
    """kernel.*, cpu.*, libc.*, process.*, os.*, tls.roots"""
    uname = os.uname()
    yield Stated("kernel.release", uname.release, "uname")
    yield Stated("kernel.arch", uname.machine, "uname")
    yield from _os_release()
    yield from _cpu()
    yield from _libc()
    yield from _limits()
    yield Stated("process.user", str(os.geteuid()), "geteuid")
    yield roots(environment, Path("/"))


def level(flags: frozenset[str]) -> str:
    """The x86-64 level of a CPU with these /proc/cpuinfo flags: v1 to v4."""
    reached = "v1"
    for name, needed in _LEVELS:
        if not flags.issuperset(needed):
            break
        reached = name
    return reached


def _cpu() -> Iterator[Stated]:
    available = len(os.sched_getaffinity(0))
    yield Stated("cpu.count", str(available), "sched_getaffinity" if available == os.cpu_count() else f"affinity of {os.cpu_count()}")
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError as error:
        yield Stated("cpu.model", None, f"/proc/cpuinfo: {error.strerror}")
        return
    fields = dict(reversed([(k.strip(), v.strip()) for k, _, v in (line.partition(":") for line in text.splitlines()) if v]))
    if "model name" in fields:
        yield Stated("cpu.model", fields["model name"], "/proc/cpuinfo")
    if platform.machine() == "x86_64" and "flags" in fields:
        yield Stated(
            "cpu.level", level(frozenset(fields["flags"].split())), "flags in /proc/cpuinfo (x86-64 psABI levels, as GOAMD64 counts)"
        )


def _libc() -> Iterator[Stated]:
    try:
        library = ctypes.CDLL(None)
        version = library.gnu_get_libc_version
        version.restype = ctypes.c_char_p
        yield Stated("libc.name", "glibc", "gnu_get_libc_version")
        yield Stated("libc.version", version().decode(), "gnu_get_libc_version")
    except (OSError, AttributeError):
        loaders = sorted(Path("/lib").glob("ld-musl-*.so.1"))
        yield Stated("libc.name", "musl" if loaders else None, str(loaders[0]) if loaders else "neither glibc nor musl answers")


def _limits() -> Iterator[Stated]:
    for name in _LIMITS:
        number = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if number is not None:
            soft, hard = resource.getrlimit(number)
            yield Stated(f"process.limit.{name}", f"{_limit(soft)}:{_limit(hard)}", "getrlimit, soft:hard")
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return
    for line in status.splitlines():
        if line.startswith("Umask:"):
            yield Stated("process.umask", line.split()[1], "/proc/self/status")


def _limit(value: int) -> str:
    return "unlimited" if value == resource.RLIM_INFINITY else str(value)


def _os_release() -> Iterator[Stated]:
    try:
        fields = platform.freedesktop_os_release()
    except OSError:
        yield Stated("os.id", None, "no os-release")
        return
    yield Stated("os.id", fields.get("ID", "linux"), "os-release")
    if "VERSION_ID" in fields:
        yield Stated("os.version", fields["VERSION_ID"], "os-release")


def roots(environment: Mapping[str, str], root: Path) -> Stated:
    """The certificate file that crypto/x509 would load: SSL_CERT_FILE, else the first of its own list."""
    named = environment.get("SSL_CERT_FILE", "")
    for name in (named,) if named else ROOTS:
        try:
            content = (root / name.lstrip("/")).read_bytes()
        except OSError:
            continue
        return Stated(
            "tls.roots", f"{content.count(b'BEGIN CERTIFICATE')} certificates, sha256 {hashlib.sha256(content).hexdigest()[:16]}", name
        )
    return Stated(
        "tls.roots", "none", f"SSL_CERT_FILE={named} is missing" if named else "none of the files that crypto/x509 looks for exists"
    )
