"""The environment that systemd hands to a service's main process, and where each variable came from.

Order, weakest first: the manager's own block, what the manager sets for the unit, ExecSearchPath=, PassEnvironment=, Environment=,
EnvironmentFile=; UnsetEnvironment= last. Source: build_environment() and exec_child() in systemd's src/core, systemd.exec(5), and a real
systemd 252 in tests/environment/test_unit_against_systemd.py. A variable whose value is new at each start has value None.
"""

from __future__ import annotations

import glob as globbing
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from steadygo.environment import envfile, specifiers, words
from steadygo.environment.accounts import Account, find_account
from steadygo.environment.fingerprint import Stated
from steadygo.facts.units import Directive, Unit

_DIRECTORIES = (("Runtime", "%t"), ("State", "%S"), ("Cache", "%C"), ("Logs", "%L"), ("Configuration", "%E"))
_NO_SHELL = ("/nologin", "/false", "/true")
_JOURNAL = ("journal", "journal+console", "kmsg", "kmsg+console", "syslog", "syslog+console")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(usec|us|µs|msec|ms|seconds?|sec|s|minutes?|min|m|hours?|hr|h|days?|d|)\s*")
_SPAN_USEC = {"us": 1, "µs": 1, "ms": 1000, "s": 10**6, "": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}


@dataclass(frozen=True)
class Manager:
    """The service manager on the file system at `root`. `is_user`: a user manager, of `account` where that is known.

    `block` is the manager's own environment as far as it is known; `complete` says whether PassEnvironment= can be answered from it.
    `installed`: the unit lies where this manager finds it, so a file that it needs and that is missing is really missing.
    """

    root: Path
    account: Account | None = None
    is_user: bool = False
    block: Mapping[str, str | None] = field(default_factory=dict)
    complete: bool = False
    installed: bool = True

    @property
    def user(self) -> specifiers.User:
        a = self.account or find_account(self.root, "root")
        return specifiers.User(a.name, a.uid, a.gid, a.group, a.home, a.shell or "/bin/sh") if a else specifiers.User()


@dataclass
class Handed:
    """The result: variables with origins, what keeps the unit from starting, what is ignored, and whether more may be set."""

    variables: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)


def handed(unit: Unit, manager: Manager) -> Handed:
    """What a process started by ExecStart= finds in its environment."""
    out = Handed()
    for name, value in manager.block.items():
        out.variables[name] = (value, "the service manager" if value is not None else "the service manager of the host that it will run on")
    _set_by_systemd(unit, manager, out)
    _search_path(unit, manager, out)
    _passed(unit, manager, out)
    _assigned(unit, manager, out)
    _from_files(unit, manager, out)
    _unset(unit, manager, out)
    if manager.is_user and not manager.installed:
        out.more.append("a user manager hands its whole environment on, which is not known here")
    if unit.find("Service", "PAMName"):
        out.more.append("PAM modules (PAMName=) may set more")
    return out


def _place(unit: Unit, directive: Directive) -> str:
    return f"{directive.name}= in {directive.path or unit.path}:{directive.line}"


def _expand(text: str, unit: Unit, manager: Manager) -> tuple[str | None, str]:
    try:
        return _strictly(text, unit, manager)
    except specifiers.Refused as error:
        return None, str(error)


def _strictly(text: str, unit: Unit, manager: Manager) -> tuple[str | None, str]:
    return specifiers.expand(text, unit.name, unit.path, manager.user, not manager.is_user, manager.root if manager.installed else None)


def _words(unit: Unit, name: str) -> Iterator[tuple[str, Directive, str]]:
    """Words of a list directive after resets: (word, directive, fault)."""
    for directive in unit.find_all("Service", name):
        found, fault = words.split(directive.value)
        for word in found:
            yield word, directive, ""
        if fault:
            yield "", directive, fault


def _search_path(unit: Unit, manager: Manager, out: Handed) -> None:
    directories: list[str] = []
    for word, _, fault in _words(unit, "ExecSearchPath"):
        for part in [] if fault else word.split(":"):
            expanded, _ = _expand(part, unit, manager)
            if expanded and expanded.startswith("/"):
                directories.append(expanded.rstrip("/") or "/")
    if directories:
        out.variables["PATH"] = (":".join(directories), _place(unit, unit.find_all("Service", "ExecSearchPath")[-1]))


def _passed(unit: Unit, manager: Manager, out: Handed) -> None:
    for word, directive, fault in _words(unit, "PassEnvironment"):
        if fault or not words.is_name(word):
            out.ignored.append(f"{_place(unit, directive)}: {fault or f'{word!r} is no variable name'}")
        elif word in manager.block:
            out.variables[word] = (manager.block[word], _place(unit, directive))
        elif not manager.complete:
            out.variables[word] = (None, f"{_place(unit, directive)}: PID 1's environment is not known here")


def _assigned(unit: Unit, manager: Manager, out: Handed) -> None:
    for word, directive, fault in _words(unit, "Environment"):
        place = _place(unit, directive)
        if fault:
            out.ignored.append(f"{place}: {fault}; the rest of the line is ignored")
            continue
        try:
            text, why = _strictly(word, unit, manager)
        except specifiers.Refused as error:
            out.ignored.append(f"{place}: {_named(word)}: {error}")
            continue
        name, mark, value = (text if text is not None else word).partition("=")
        if not mark or not words.is_name(name) or not _is_text(value):
            out.ignored.append(f"{place}: {_named(word)} is no valid assignment")
        else:
            out.variables[name] = (value, place) if text is not None else (None, f"{place}: {why}")


def _named(word: str) -> str:
    """An assignment's name, never its value: that may be a secret."""
    name, mark, _ = word.partition("=")
    return repr(name) if mark else "a word without ="


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _from_files(unit: Unit, manager: Manager, out: Handed) -> None:
    for directive in unit.find_all("Service", "EnvironmentFile"):
        place = _place(unit, directive)
        optional = directive.value.startswith("-")
        try:
            named, why = _strictly(directive.value.removeprefix("-"), unit, manager)
        except specifiers.Refused as error:
            out.ignored.append(f"{place}: {error}")
            continue
        if named is None:
            out.more.append(f"{place}: {why}")
            continue
        if not named.startswith("/"):
            out.ignored.append(f"{place}: the path is not absolute")
            continue
        files = sorted(globbing.glob(str(manager.root) + named)) if str(manager.root) != "/" else sorted(globbing.glob(named))
        if not files and not manager.installed:
            out.more.append(f"{place}: {named} is not on this machine")
        elif not files and not optional:
            out.refused.append(f"{place}: {named} is missing, so systemd does not start the unit")
        for file in files:
            try:
                found, dropped = envfile.parse(Path(file).read_bytes())
            except (OSError, ValueError) as error:
                if not optional:
                    out.refused.append(f"{place}: {file}: {error}, so systemd does not start the unit")
                continue
            shown = file.removeprefix(str(manager.root)) if str(manager.root) != "/" else file
            for name, value in found.items():
                out.variables[name] = (value, f"{shown} ({place})")
            out.ignored.extend(f"{shown}:{line}: {reason}" for line, reason in dropped)


def _unset(unit: Unit, manager: Manager, out: Handed) -> None:
    for word, _, fault in _words(unit, "UnsetEnvironment"):
        text, _ = _expand(word, unit, manager)
        if fault or text is None:
            continue
        name, mark, value = text.partition("=")
        if name in out.variables and (not mark or out.variables[name][0] == value):
            del out.variables[name]


def _set_by_systemd(unit: Unit, manager: Manager, out: Handed) -> None:
    variables = out.variables
    each = "set by systemd, new at each start"
    system = not manager.is_user
    _identity(unit, manager, out)
    variables["INVOCATION_ID"] = (None, each)
    variables["SYSTEMD_EXEC_PID"] = (None, each)
    if not system:
        variables["MANAGERPID"] = (None, each)
    if _journal(unit):
        variables["JOURNAL_STREAM"] = (None, each)
    notify = unit.find("Service", "NotifyAccess")
    kind = unit.find("Service", "Type")
    watchdog = _usec(found.value) if (found := unit.find("Service", "WatchdogSec")) else 0
    if (notify and notify.value not in ("none", "")) or (kind and kind.value.startswith("notify")) or watchdog:
        socket = "/run/systemd/notify" if system else f"/run/user/{manager.user.uid}/systemd/notify"
        variables["NOTIFY_SOCKET"] = (socket, "set by systemd for sd_notify")
    if watchdog:
        variables["WATCHDOG_PID"] = (None, each)
        variables["WATCHDOG_USEC"] = (str(watchdog), "WatchdogSec=")
    if pid_file := unit.find("Service", "PIDFile"):
        text, _ = _expand(pid_file.value, unit, manager)
        prefix = "/run/" if system else f"/run/user/{manager.user.uid}/"
        variables["PIDFILE"] = (text if text is None or text.startswith("/") else prefix + text, _place(unit, pid_file))
    for name, letter in _DIRECTORIES:
        named = [w.partition(":")[0] for w, _, fault in _words(unit, f"{name}Directory") if not fault]
        expanded = [_expand(f"{letter}/{w}", unit, manager)[0] for w in named]
        if expanded:
            value = None if None in expanded else ":".join(e.rstrip("/") for e in expanded if e)
            variables[f"{name.upper()}_DIRECTORY"] = (value, f"{name}Directory=")
    if any(unit.find("Service", n) for n in ("LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted")):
        base = "/run/credentials/" if system else f"/run/user/{manager.user.uid}/credentials/"
        variables["CREDENTIALS_DIRECTORY"] = (base + unit.name, "LoadCredential= or SetCredential=")
    terminal = unit.find("Service", "StandardInput")
    if unit.find("Service", "TTYPath") or (terminal and terminal.value.startswith("tty")):
        variables["TERM"] = (None, "set by systemd from the terminal")
    if unit.find("Service", "Sockets"):
        for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
            variables[name] = (None, "socket activation")


def _identity(unit: Unit, manager: Manager, out: Handed) -> None:
    """LOGNAME, USER, HOME, SHELL: only with User= or DynamicUser= in the system manager."""
    named = unit.find("Service", "User")
    dynamic = unit.find("Service", "DynamicUser")
    is_dynamic = dynamic is not None and dynamic.value.lower() in ("1", "yes", "y", "true", "t", "on")
    if named is None and not is_dynamic:
        return
    place = _place(unit, named) if named else "DynamicUser="
    stem = unit.name.rpartition(".")[0].partition("@")[0]
    wanted = _expand(named.value, unit, manager)[0] if named else stem
    account = find_account(manager.root, wanted) if wanted else None
    if is_dynamic and account is None:
        name = wanted if wanted and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,30}", wanted) else None
        for variable in ("LOGNAME", "USER"):
            out.variables[variable] = (name, place)
        return
    if account is None:
        for variable in ("LOGNAME", "USER", "HOME", "SHELL"):
            value = wanted if wanted and not wanted.isdecimal() and variable in ("LOGNAME", "USER") else None
            out.variables[variable] = (value, f"{place}: no such user in {manager.root / 'etc/passwd'}")
        return
    out.variables["LOGNAME"] = out.variables["USER"] = (account.name, place)
    if account.home not in ("", "/"):
        out.variables["HOME"] = (account.home, f"{place}, passwd")
    if account.shell and not account.shell.endswith(_NO_SHELL):
        out.variables["SHELL"] = (account.shell, f"{place}, passwd")


def _journal(unit: Unit) -> bool:
    """Whether stdout or stderr goes to the journal: the default of both, unless stdout says otherwise and stderr follows it."""
    standard_input = unit.find("Service", "StandardInput")
    out = unit.find("Service", "StandardOutput")
    error = unit.find("Service", "StandardError")
    stdout = out.value if out else "inherit" if standard_input and standard_input.value.startswith(("tty", "socket")) else "journal"
    stderr = error.value if error else "inherit"
    return stdout in _JOURNAL or stderr in _JOURNAL or (stderr == "inherit" and stdout in _JOURNAL)


def _usec(text: str) -> int:
    """A time span in microseconds; 0 for none, infinity or what cannot be read."""
    total, at = 0.0, 0
    while at < len(text):
        found = _SPAN.match(text, at)
        if found is None:
            return 0
        word = found[2]
        unit = next((u for u in ("us", "ms", "µs") if word.startswith(u)), word[:1])
        total += float(found[1]) * _SPAN_USEC[unit]
        at = found.end()
    return int(total)


def capture(unit: Unit, manager: Manager, result: Handed) -> Iterator[Stated]:
    """env.*, process.* and cgroup.* that the unit settles, and unit.* for what is wrong with it."""
    for name, (value, origin) in result.variables.items():
        yield Stated(f"env.{name}", value, origin)
    for number, text in enumerate(result.refused, 1):
        yield Stated(f"unit.refused.{number}", text, unit.path)
    for number, text in enumerate(result.more, 1):
        yield Stated(f"unit.more.{number}", None, text)
    for number, text in enumerate(result.ignored, 1):
        yield Stated(f"unit.ignored.{number}", text, unit.path)
    umask = unit.find("Service", "UMask")
    yield Stated("process.umask", f"{int(umask.value, 8):04o}" if umask and re.fullmatch("[0-7]+", umask.value) else "0022", "UMask=")
    for directive in unit.directives:
        if directive.section == "Service" and directive.name.startswith("Limit"):
            soft, _, hard = directive.value.partition(":")
            limit = f"{soft}:{hard or soft}".replace("infinity", "unlimited")
            yield Stated(f"process.limit.{directive.name[5:].lower()}", limit, _place(unit, directive))
    if quota := unit.find("Service", "CPUQuota"):
        percent = quota.value.rstrip("%")
        if percent.isdecimal():
            yield Stated("cgroup.cpu.max", f"{int(percent) / 100:g}", _place(unit, quota))
    for name, key in (("MemoryMax", "max"), ("MemoryHigh", "high")):
        if (memory := unit.find("Service", name)) and (size := _bytes(memory.value)):
            yield Stated(f"cgroup.memory.{key}", size, _place(unit, memory))
    if tasks := unit.find("Service", "TasksMax"):
        yield Stated("cgroup.pids.max", tasks.value if tasks.value != "infinity" else "none", _place(unit, tasks))


def _bytes(text: str) -> str:
    if text == "infinity":
        return "none"
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", text)
    return str(int(float(found[1]) * 1024 ** " KMGT".index(found[2] or " "))) if found else ""
