"""Another host over a real sshd on this machine, and what the shell script's answer becomes."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.environment import remote
from steadygo.errors import UserError
from steadygo.tools import ssh


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """(PATH with an ssh that knows only our server, the server's folder)."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or shutil.which("ssh") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("sshd is missing; apt-get install openssh-server")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    public = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {public}")
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\nStrictModes no\n"
        f"PidFile none\nUsePAM no\nPermitRootLogin yes\nSetEnv TZ=Asia/Tokyo ORDERS_TOKEN=hunter2\n"
    )
    (folder / "config").write_text(
        f"Host far\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {folder}/user\n"
        f"  UserKnownHostsFile {folder}/known\n  IdentitiesOnly yes\n"
    )
    (folder / "bin").mkdir()
    (folder / "bin/ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
    (folder / "bin/ssh").chmod(0o755)
    Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"{folder / 'bin'}:{os.environ['PATH']}", folder
    server.terminate()
    server.wait()


def diff(path: str, home: Path, a: str, b: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    program = [sys.executable, "-c", "from steadygo.cli import main; main()", "env", "diff", a, b, "--json"]
    return subprocess.run(program, cwd=home, env=environment, capture_output=True, text=True, timeout=60)


def test_a_host_is_asked_over_ssh(host: tuple[str, Path], tmp_path: Path) -> None:
    done = diff(host[0], tmp_path, "here", "ssh:far")
    assert done.returncode == 0, done.stderr
    found = {d["key"]: d["b"] for d in json.loads(done.stdout)["differences"]}
    assert found["time.zone"] == "Asia/Tokyo"
    assert found["env.ORDERS_TOKEN"].startswith("secret:")
    assert "hunter2" not in done.stdout
    # It is the same machine: what is its own must not differ.
    assert not {
        "kernel.release",
        "kernel.arch",
        "libc.version",
        "os.version",
        "cpu.level",
        "cpu.count",
        "tls.roots",
        "process.umask",
    } & set(found)


def test_a_host_that_cannot_be_reached_is_one_sentence(host: tuple[str, Path], tmp_path: Path) -> None:
    done = diff(host[0], tmp_path, "here", "ssh:far:1")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("name", ["-oProxyCommand=touch /tmp/steadygo-evil", "a b", "", "a;b", "-x", "$(id)", "x@-y"])
def test_what_is_no_host_never_reaches_ssh(name: str) -> None:
    with pytest.raises(UserError, match="is no host"):
        ssh.output_of(name, "true")


def test_the_script_says_the_same_in_a_plain_shell() -> None:
    done = subprocess.run(
        ["sh", "-s"], input=remote.SCRIPT, capture_output=True, text=True, timeout=30, env={"PATH": "/usr/bin:/bin", "X": "1\n2"}
    )
    found = {s.key: s.value for s in remote.capture(remote.sections("\n" + done.stdout), "far")}
    assert found["env.X"] == "1\n2"
    assert found["kernel.release"] == os.uname().release
    assert found["go.version"] is None
    assert "env._STEADYGO_TZ" not in found


def test_a_script_that_was_cut_off_says_nothing() -> None:
    assert remote.sections("\n==steadygo:env\nA=1\n") == {}


@given(
    st.dictionaries(
        st.sampled_from(["env", "uname", "os", "libc", "umask", "nofile", "cpuinfo", "cgroup", "roots", "go", "tzdata"]), st.text()
    )
)
def test_any_answer_is_read(said: dict[str, str]) -> None:
    list(remote.capture(said, "far"))
