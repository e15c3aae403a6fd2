"""The fingerprint of another host from what a small POSIX shell script says there: nothing needs to be installed on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from steadygo.environment import gosettings, machine
from steadygo.environment.fingerprint import Stated

# Sections start with a line that no program prints by chance. The environment is the login's, as a command over ssh gets it.
MARK = "==steadygo:"
SCRIPT = """\
s() { printf '\\n==steadygo:%s\\n' "$1"; }
LC_ALL=C; _STEADYGO_TZ=${TZ-unset}
s clock; date +%s.%N
s env; env
s uname; uname -r; uname -m
s os; cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
s libc; getconf GNU_LIBC_VERSION 2>/dev/null; ls /lib/ld-musl-*.so.1 2>/dev/null
s umask; umask
s nofile; ulimit -Sn; ulimit -Hn
s user; id -u
s cpus; nproc 2>/dev/null || getconf _NPROCESSORS_ONLN
s cpuinfo; grep -m1 '^flags' /proc/cpuinfo 2>/dev/null; grep -m1 '^model name' /proc/cpuinfo 2>/dev/null
s cgroup; c=$(sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null); d=/sys/fs/cgroup$c
for f in cpu.max memory.max memory.high pids.max; do [ -r "$d/$f" ] && printf '%s ' "$f" && cat "$d/$f"; done
s localtime; readlink /etc/localtime
s tzdata; head -c 200 /usr/share/zoneinfo/tzdata.zi 2>/dev/null | head -n 1
s roots
for f in @ROOTS@; do [ -r "$f" ] && printf '%s ' "$f" && sha256sum < "$f" && grep -c 'BEGIN CERTIFICATE' "$f" && break; done
s go; command -v go && GOTOOLCHAIN=local go env -json
s goenv; r=$(GOTOOLCHAIN=local go env GOROOT 2>/dev/null) && cat "$r/go.env" 2>/dev/null
s user-goenv; f=$(GOTOOLCHAIN=local go env GOENV 2>/dev/null) && [ "$f" != off ] && cat "$f" 2>/dev/null
s end
""".replace("@ROOTS@", " ".join(machine.ROOTS))
_NOT_THE_HOSTS = re.compile(r"^(?:_|SHLVL|PWD|OLDPWD|SSH_\w+|LC_ALL|_STEADYGO_TZ)=")


def sections(text: str) -> dict[str, str]:
    """What the script printed, by section; empty when it did not run to its end."""
    found: dict[str, str] = {}
    for part in text.split("\n" + MARK)[1:]:
        name, _, body = part.partition("\n")
        found[name.strip()] = body.strip("\n")
    return found if "end" in found else {}


def capture(said: Mapping[str, str], host: str) -> Iterator[Stated]:
    """The same keys as `here` has, as far as the script asks."""
    environment = dict(_environment(said.get("env", "")))
    for name, value in environment.items():
        yield Stated(f"env.{name}", value, f"environment of a command on {host}")
    lines = said.get("uname", "").split("\n")
    if len(lines) == 2:
        yield Stated("kernel.release", lines[0], f"uname on {host}")
        yield Stated("kernel.arch", lines[1], f"uname on {host}")
    release = {k: v.strip("\"'") for k, _, v in (line.partition("=") for line in said.get("os", "").split("\n"))}
    for key, field in (("os.id", "ID"), ("os.version", "VERSION_ID")):
        if field in release:
            yield Stated(key, release[field], f"os-release on {host}")
    yield from _library(said.get("libc", ""), host)
    if re.fullmatch("[0-7]+", said.get("umask", "")):
        yield Stated("process.umask", f"{int(said['umask'], 8):04o}", f"umask on {host}")
    limits = said.get("nofile", "").split()
    if len(limits) == 2:
        yield Stated("process.limit.nofile", ":".join(limits), f"ulimit on {host}, soft:hard")
    for key, name in (("process.user", "user"), ("cpu.count", "cpus")):
        if said.get(name, "").isdecimal():
            yield Stated(key, said[name], f"asked of {host}")
    yield from _processor(said.get("cpuinfo", ""), host)
    yield from _limits(said.get("cgroup", ""), host)
    yield from _time(said, environment, host)
    roots = said.get("roots", "").split()
    known = len(roots) >= 3 and len(roots[1]) == 64
    yield Stated(
        "tls.roots", f"{roots[-1]} certificates, sha256 {roots[1][:16]}" if known else "none", roots[0] if known else f"no file on {host}"
    )
    yield from _go(said, environment, host)


def _environment(text: str) -> Iterator[tuple[str, str]]:
    name, value = "", ""
    for line in text.split("\n"):
        match = re.match(r"([A-Za-z_][A-Za-z0-9_]*)=", line)
        if match:
            if name:
                yield name, value
            name, value = ("", "") if _NOT_THE_HOSTS.match(line) else (match[1], line[match.end() :])
        elif name:
            value += "\n" + line
    if name:
        yield name, value


def _library(text: str, host: str) -> Iterator[Stated]:
    if found := re.search(r"^glibc (\S+)", text, re.MULTILINE):
        yield Stated("libc.name", "glibc", f"getconf on {host}")
        yield Stated("libc.version", found[1], f"getconf on {host}")
    elif "ld-musl" in text:
        yield Stated("libc.name", "musl", text.split()[0])


def _processor(text: str, host: str) -> Iterator[Stated]:
    fields = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in text.split("\n"))}
    if fields.get("flags"):
        yield Stated("cpu.level", machine.level(frozenset(fields["flags"].split())), f"/proc/cpuinfo on {host}")
    if fields.get("model name"):
        yield Stated("cpu.model", fields["model name"], f"/proc/cpuinfo on {host}")


def _limits(text: str, host: str) -> Iterator[Stated]:
    for line in text.split("\n"):
        name, _, value = line.partition(" ")
        if name == "cpu.max":
            quota, _, period = value.partition(" ")
            known = quota.isdecimal() and period.isdecimal() and int(period)
            yield Stated("cgroup.cpu.max", f"{int(quota) / int(period):g}" if known else "none", f"leaf group on {host}")
        elif name in ("memory.max", "memory.high", "pids.max"):
            yield Stated(f"cgroup.{name}", value if value.isdecimal() else "none", f"leaf group on {host}")


def _time(said: Mapping[str, str], environment: Mapping[str, str], host: str) -> Iterator[Stated]:
    link = said.get("localtime", "")
    if "TZ" in environment:
        yield Stated("time.zone", environment["TZ"].lstrip(":") or "UTC", f"TZ on {host}")
    elif link:
        yield Stated("time.zone", link.partition("zoneinfo/")[2] or link, f"/etc/localtime on {host}")
    if found := re.match(r"# version (\S+)", said.get("tzdata", "")):
        yield Stated("time.tzdata", found[1], f"tzdata.zi on {host}")


def _go(said: Mapping[str, str], environment: Mapping[str, str], host: str) -> Iterator[Stated]:
    program, _, answer = said.get("go", "").partition("\n")
    try:
        settings = msgspec.json.decode(answer, type=dict[str, str])
    except msgspec.DecodeError:
        yield Stated("go.version", None, f"no go on the PATH of a command on {host}")
        return
    distribution = gosettings.parse_env_file(said.get("goenv", ""))
    written = gosettings.parse_env_file(said.get("user-goenv", ""))
    yield from gosettings.stated(settings, program, environment, written, settings.get("GOENV", ""), distribution)
