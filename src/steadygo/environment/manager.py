"""The service manager on a file system: its own environment block, as far as files settle it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from steadygo.environment import envfile, words
from steadygo.environment.accounts import Account
from steadygo.environment.specifiers import os_release
from steadygo.environment.unit import Manager
from steadygo.facts.units import Directive

_LOCALE = (
    "LANG", "LANGUAGE", "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES", "LC_PAPER", "LC_NAME",
    "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
)  # fmt: skip


def default_path(root: Path) -> str:
    """The PATH compiled into systemd: Debian's and Ubuntu's, built for a split /usr, ends in /sbin:/bin."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
    release = os_release(root)
    is_debian = "debian" in (release.get("ID", ""), *release.get("ID_LIKE", "").split())
    return path + ":/sbin:/bin" if is_debian else path


def system_manager(root: Path, settings: Iterable[Directive] = ()) -> Manager:
    """PID 1 on the file system at `root`. `settings` are the directives of system.conf and its drop-ins, in order.

    Not seen: `systemctl set-environment`, environment generators, the kernel's command line.
    """
    block: dict[str, str | None] = {"PATH": default_path(root), **locale(root)}
    for directive in settings:
        if directive.section == "Manager" and directive.name == "DefaultEnvironment":
            if not directive.value:
                block = {"PATH": default_path(root), **locale(root)}
            for word in words.split(directive.value)[0]:
                name, mark, value = word.partition("=")
                if mark and words.is_name(name):
                    block[name] = value
    return Manager(root, None, False, block)


def user_manager(root: Path, account: Account) -> Manager:
    """The user manager of `account`: it hands its whole own environment on. PAM may have put more into it."""
    runtime = f"/run/user/{account.uid}"
    block: dict[str, str | None] = {
        "PATH": default_path(root),
        **locale(root),
        "HOME": account.home,
        "LOGNAME": account.name,
        "USER": account.name,
        "SHELL": account.shell,
        "XDG_RUNTIME_DIR": runtime,
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus",
    }
    return Manager(root, account, True, block)


def unknown_manager(is_user: bool) -> Manager:
    """The manager of a host that is not known: the unit lies in a repository. Files are looked for on this machine."""
    names = ("PATH", "HOME", "LOGNAME", "USER", "SHELL", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS") if is_user else ("PATH",)
    return Manager(Path("/"), None, is_user, dict.fromkeys(names), installed=False)


def locale(root: Path) -> dict[str, str]:
    """LANG and LC_* that systemd sets for all services, from locale.conf (or Debian's default/locale)."""
    for name in ("etc/locale.conf", "etc/default/locale"):
        try:
            found, _ = envfile.parse((root / name).read_bytes())
        except (OSError, ValueError):
            continue
        return {n: v for n, v in found.items() if n in _LOCALE and v}
    return {}
