"""Hosts that are network namespaces, on one switch that is a namespace too: nothing of the machine's own network changes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass
class Network:
    """Hosts by name, with their addresses. Everything that was started is killed in the end."""

    mark: str
    addresses: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add(self, host: str) -> str:
        """A new host on the switch; its address."""
        number = len(self.addresses) + 1
        address, space, port = f"10.97.0.{number}", self._space(host), f"p{number}"
        _ip("netns", "add", space)
        self.addresses[host] = address
        _ip("-n", self._space("switch"), "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("-n", self._space("switch"), "link", "set", port, "master", "br0", "up")
        _ip("-n", space, "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", space, "link", "set", device, "up")
        return address

    def start(
        self,
        host: str,
        arguments: Sequence[str | Path],
        environment: Mapping[str, str],
        log: Path,
        directory: Path | None = None,
        result: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """A program on a host, in a process group of its own; what it says goes to `log`, what it prints to `result` if that is given."""
        with log.open("ab") as said, (result or log).open("ab") as printed:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self._space(host), *arguments],
                env=dict(environment),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=said,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
            )
        self.started.append(process)
        return process

    def run(
        self, host: str, arguments: Sequence[str | Path], environment: Mapping[str, str], directory: Path, timeout_seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on a host to its end."""
        return subprocess.run(
            ["ip", "netns", "exec", self._space(host), *arguments],
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
        )

    def cut(self, host: str) -> None:
        """Pull the host's plug."""
        _ip("-n", self._space(host), "link", "set", "eth0", "down")

    def join(self, host: str) -> None:
        """Put it in again."""
        _ip("-n", self._space(host), "link", "set", "eth0", "up")

    def close(self) -> None:
        """Kill what runs, remove the hosts."""
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for host in (*self.addresses, "switch"):
            subprocess.run(["ip", "netns", "delete", self._space(host)], capture_output=True)

    def _space(self, host: str) -> str:
        return f"{self.mark}-{host}"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """A switch without hosts. Skips the test where namespaces cannot be had; fails it with CI=true."""
    give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    if os.geteuid() != 0 or shutil.which("ip") is None:
        give_up("network namespaces need root and the program ip (apt-get install iproute2)")
    found = Network(f"sg{uuid.uuid4().hex[:8]}")
    try:
        try:
            _ip("netns", "add", f"{found.mark}-switch")
            _ip("-n", f"{found.mark}-switch", "link", "add", "br0", "type", "bridge")
            _ip("-n", f"{found.mark}-switch", "link", "set", "br0", "up")
        except subprocess.CalledProcessError as error:
            give_up(f"network namespaces cannot be made here: {error.stderr.strip()}")
        yield found
    finally:
        found.close()
