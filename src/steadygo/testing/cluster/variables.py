"""Which variables tests on a worker see: the client's, save those that say something about a machine; these are the worker's own."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Where things lie on a machine, who is logged in there, and how it reaches the network.
_MACHINE = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD|SHLVL|_|HOSTNAME|MAIL|TMPDIR|TMP|TEMP|"
    r"GOROOT|GOPATH|GOBIN|GOCACHE|GOMODCACHE|GOTMPDIR|GOENV|GOTOOLDIR|GOCACHEPROG|GOTELEMETRYDIR|"
    r"LD_LIBRARY_PATH|LD_PRELOAD|SSL_CERT_FILE|SSL_CERT_DIR|\w+_CA_BUNDLE|\w+_CA_CERTS|"
    r"TERM|COLORTERM|COLUMNS|LINES|DISPLAY|WAYLAND_DISPLAY|(?:SSH|XDG|DBUS|TMUX|PYTHON|VIRTUAL_ENV|PYENV|PIP|STEADYGO)(?:_?\w+)?|"
    r"(?:HTTP|HTTPS|NO|ALL|FTP)_PROXY|(?:http|https|no|all|ftp)_proxy|INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|LISTEN_\w+|SYSTEMD_\w+"
)


def travelling(environment: Mapping[str, str]) -> dict[str, str]:
    """The client's variables that go with an assignment."""
    return {name: value for name, value in sorted(environment.items()) if not _MACHINE.fullmatch(name)}


def seen(travelled: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """What go and the tests see on a worker whose environment is `own`: nothing of it but what its machine needs."""
    return {**{n: v for n, v in own.items() if _MACHINE.fullmatch(n) and not n.startswith("STEADYGO")}, **travelling(travelled)}
