"""Run a shell script on another host with the user's own ssh: their configuration, keys and known hosts, never a prompt."""

from __future__ import annotations

import re

from steadygo.errors import ToolMissing, UserError
from steadygo.tools.run import Outcome, run

_HOST = re.compile(r"(?:[A-Za-z0-9_.][A-Za-z0-9_.+-]*@)?(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.%a-z]+\])(?::(\d{1,5}))?")


def output_of(host: str, script: str, timeout_seconds: float = 30.0) -> str:
    """What `script` prints on HOST, USER@HOST or USER@HOST:PORT under sh. Raises UserError, ToolMissing."""
    found = _HOST.fullmatch(host)
    if not found:
        raise UserError(f"{host!r} is no host.", "Write ssh:HOST, ssh:USER@HOST or ssh:USER@HOST:PORT.")
    name = host[: found.start(1) - 1] if found[1] else host
    port = ["-p", found[1]] if found[1] else []
    options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-T", *port]
    ran = run(["ssh", *options, "--", name, "sh -s"], input=script.encode(), timeout_seconds=timeout_seconds, most_bytes=8 << 20)
    if ran.outcome is Outcome.MISSING:
        raise ToolMissing("ssh is not installed.", "Install an OpenSSH client.")
    if not ran.ok and not ran.stdout:
        raise UserError(f"{name} cannot be asked over ssh: {ran.complaint}.", f"Check that `ssh {name} true` works without a prompt.")
    return ran.text
