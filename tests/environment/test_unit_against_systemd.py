"""What systemd really hands to a process, in a container that it boots, against what we say. Needs root and systemd-nspawn."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadygo.environment import manager
from steadygo.environment import unit as unit_environment
from steadygo.environment.accounts import find_account
from steadygo.facts.units import Unit
from steadygo.read import unit as unit_reader

pytestmark = pytest.mark.slow

NOTHING = "[Service]\n"
FILES = {
    "etc/orders/plain.env": """# comment
; comment too
A=1
  B = spaced value\t
C="two words" tail
D='single $HOME \\n'
E="a \\"quoted\\" \\$x \\n back\\\\slash"
F=plain "quotes" stay 'here'
G=con\\
tinued
H=back\\slash \\"x\\"
I="multi
line"
export J=1
K
L=
M=a=b=c
N="x"'y'
O=trailing\\·
=noname
1P=digit
Q=a#b ;c
R=ünïcode
S=a \\
""",
    "etc/orders/crlf.env": 'A=1\r\nB="x"\r\nC=y \r\n',
    "etc/orders/order-1.env": "X=file1\nY=file1\nZ=file1\n",
    "etc/orders/order-2.env": "Y=file2\nZ=file2\nEMPTY=\n",
    "etc/orders/unset.env": "KEEP=1\nDROP=1\nDROPVALUE=other\n",
}
UNITS = {
    "plain.service": "[Service]\nEnvironment=ONE=1 TWO=2\n",
    "quoting.service": (
        "[Service]\n"
        'Environment="VAR1=word1 word2" VAR2=word3 "VAR3=$word 5 6"\n'
        'Environment=\'VAR4=single "x"\' VAR5=mid"dle quo"ted VAR6=esc\\x41\\t\\u00e9\\101\\sx\n'
        'Environment=VAR7=percent%%done VAR8=$HOME 9BAD=1 VAR10= nothing VAR11=""\n'
        "Environment=VAR12=ok VAR13=bad\\qescape VAR14=after\n"
        'Environment=VAR15=open "VAR16=unclosed\n'
        "Environment=VAR17=continued \\\n  VAR18=second \\\n# a comment between\n  VAR19=third\n"
    ),
    "reset.service": (
        "[Service]\nEnvironment=A=1 B=1\nEnvironment=\nEnvironment=B=2\nEnvironmentFile=/etc/orders/order-1.env\nEnvironmentFile=\n"
    ),
    "files.service": "[Service]\nEnvironmentFile=/etc/orders/plain.env\n",
    "crlf.service": "[Service]\nEnvironmentFile=/etc/orders/crlf.env\n",
    "order.service": (
        "[Service]\nEnvironmentFile=/etc/orders/order-*.env\nEnvironmentFile=-/etc/orders/missing.env\n"
        "Environment=X=unit Y=unit W=unit\nPassEnvironment=container\n"
    ),
    "unset.service": (
        "[Service]\nEnvironmentFile=/etc/orders/unset.env\nEnvironment=INVOCATION_ID=mine\nUnsetEnvironment=DROP DROPVALUE=this PATH\n"
    ),
    "user.service": "[Service]\nUser=app\nEnvironment=HOME=/elsewhere WHO=%u AT=%h\n",
    "nologin.service": "[Service]\nUser=daemonish\nGroup=app\n",
    "rootuser.service": "[Service]\nUser=root\nUMask=0027\nLimitNOFILE=4096:8192\n",
    "dynamic.service": (
        "[Service]\nReadWritePaths=/out\nDynamicUser=yes\nStateDirectory=dyn dyn/sub\nRuntimeDirectory=dynrun\nCacheDirectory=dyncache\n"
    ),
    "notify.service": "[Service]\nType=notify\nNotifyAccess=all\nWatchdogSec=1min 30s\nTimeoutStartSec=3\n",
    "directories.service": (
        "[Service]\nLogsDirectory=orders\nConfigurationDirectory=orders\nRuntimeDirectory=orders orders/sub\nPIDFile=orders.pid\n"
        "SetCredential=token:abc\nExecSearchPath=/opt/bin:/usr/bin\n"
    ),
    "tpl@a-b\\x2dc.service": (
        "[Service]\n"
        + "".join(f'Environment="{name}_{ord(c)}=%{c}x"\n' for name, c in (("S", c) for c in "nNpPiIjJftSCLETVuUgGhsowWmHlyYZ%"))
    ),
    "silent.service": "[Service]\nStandardOutput=null\nEnvironment=TZ=Asia/Tokyo LANG=xx\n",
    "dropped.service": "[Service]\nEnvironment=A=unit B=unit\n",
}
USER_UNITS = {
    "plain-user.service": "[Service]\nEnvironment=A=1 WHO=%u AT=%h RUN=%t STATE=%S CACHE=%C LOG=%L CONF=%E\n",
    "directories-user.service": (
        "[Service]\nStateDirectory=x\nRuntimeDirectory=x y\nCacheDirectory=x\nLogsDirectory=x\nType=notify\nTimeoutStartSec=2\n"
    ),
    "unset-user.service": (
        "[Service]\nUnsetEnvironment=HOME SHELL\nPassEnvironment=XDG_RUNTIME_DIR\nEnvironmentFile=/etc/orders/order-1.env\n"
    ),
}
DROP_INS = {
    "dropped.service.d/10-a.conf": "[Service]\nEnvironment=B=ten C=ten\n",
    "dropped.service.d/20-b.conf": "[Service]\nEnvironment=C=twenty\n",
}
PACKAGES = "systemd,systemd-sysv,dbus,libpam-systemd,dbus-user-session"
ACCOUNTS = "app:x:1234:1234::/srv/app:/bin/bash\ndaemonish:x:1235:1235::/:/usr/sbin/nologin\n"


def need(there: bool, what: str, how: str) -> None:
    if not there:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{what}; {how}")


@pytest.fixture(scope="module")
def alone() -> Iterator[None]:
    """Test workers take turns: a tree is made once, and booted by one at a time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steadygo-nspawn"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def machine(alone: None) -> Path:
    """A minimal Debian with systemd, made once and kept in the cache."""
    need(os.geteuid() == 0, "booting a container needs root", "run the tests as root")
    need(shutil.which("systemd-nspawn") is not None, "systemd-nspawn is missing", "apt-get install systemd-container")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steadygo-nspawn"
    root = cache / "bookworm-user"
    if not (root / "lib/systemd/systemd").exists():
        need(shutil.which("debootstrap") is not None, "debootstrap is missing", "apt-get install debootstrap")
        cache.mkdir(parents=True, exist_ok=True)
        part = cache / f"part-{os.getpid()}"
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", part],
            capture_output=True,
            text=True,
            timeout=900,
        )
        need(done.returncode == 0, f"debootstrap failed: {done.stdout[-200:]}", "look at its output")
        part.rename(root)
    return root


@pytest.fixture(scope="module")
def booted(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, str]]]:
    """Boot with the units; (the file system's root as the services saw it, {unit: its environment})."""
    work = tmp_path_factory.mktemp("machine")
    out = work / "out"
    out.mkdir(mode=0o777)
    out.chmod(0o777)
    root = work / "root"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.replace("·", " ").encode())  # a dot stands for a blank at a line's end
    system = root / "etc/systemd/system"
    system.mkdir(parents=True)
    (root / "etc/passwd").write_text((machine / "etc/passwd").read_text() + ACCOUNTS)
    (root / "etc/shadow").write_text("root:*:19000:0:99999:7:::\napp:*:19000:0:99999:7:::\n")
    (root / "etc/group").write_text((machine / "etc/group").read_text() + "app:x:1234:\ndaemonish:x:1235:\n")
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    (root / "etc/hostname").write_text("orders-host\n")
    (root / "etc/locale.conf").write_text("LANG=de_DE.UTF-8\nLC_TIME=C\n")
    shutil.copy(machine / "usr/lib/os-release", root / "etc/os-release")
    for number, (name, text) in enumerate(UNITS.items()):
        copy = f"ExecStart=/bin/cp --no-preserve=all /proc/self/environ /out/{number}\nSuccessExitStatus=0 TERM\n"
        header = "[Unit]\nBefore=finished.service\n"
        body = text if text.endswith("\n") else text + "\n"
        (system / name.replace("@a-b\\x2dc", "@")).write_text(header + body.replace("[Service]\n", "[Service]\n" + copy, 1))
    user = root / "etc/systemd/user"
    (user / "default.target.wants").mkdir(parents=True)
    for number, (name, text) in enumerate(USER_UNITS.items()):
        copy = f"ExecStart=/bin/cp --no-preserve=all /proc/self/environ /out/user{number}\n"
        (user / name).write_text(text.replace("[Service]\n", "[Service]\n" + copy, 1))
        (user / "default.target.wants" / name).symlink_to(f"../{name}")
    for folder in ("srv/app", "var/lib/systemd/linger"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/systemd/linger/app").touch()
    os.chown(root / "srv/app", 1234, 1234)
    for name, text in DROP_INS.items():
        (system / name).parent.mkdir(exist_ok=True)
        (system / name).write_text(text)
    wanted = " ".join(UNITS)
    (system / "finished.service").write_text(
        f"[Unit]\nWants={wanted} user@1234.service\nAfter={wanted} user@1234.service\n[Service]\nType=oneshot\nExecStart=/bin/sleep 3\n"
        "ExecStart=/bin/systemctl --force --force poweroff\n"
    )
    wants = system / "multi-user.target.wants"
    wants.mkdir()
    (wants / "finished.service").symlink_to("../finished.service")
    command = [
        "systemd-nspawn",
        "--register=no",
        "--keep-unit",
        "--quiet",
        "--volatile=overlay",
        "--hostname=orders-host",
        "-b",
        "-D",
        machine,
    ]
    command += [f"--bind={root / 'srv'}:/srv", f"--bind-ro={root / 'var/lib/systemd/linger'}:/var/lib/systemd/linger"]
    bound = ("passwd", "shadow", "group", "machine-id", "locale.conf", "os-release", "hostname", "orders", "systemd/system", "systemd/user")
    command += [f"--bind-ro={root / 'etc' / name}:/etc/{name}" for name in bound]
    done = subprocess.run(
        [*command, f"--bind={out}:/out", "--bind-ro=/usr/share/zoneinfo"],
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    found: dict[str, dict[str, str]] = {}
    ran = {**{str(n): name for n, name in enumerate(UNITS)}, **{f"user{n}": name for n, name in enumerate(USER_UNITS)}}
    for number, name in ran.items():
        file = out / number
        need(file.exists(), f"{name} did not run in the container: {done.stdout[-1500:]}{done.stderr[-500:]}", "look at its boot")
        rows = [r.partition("=") for r in file.read_bytes().decode("utf-8", "surrogateescape").split("\0") if r]
        found[name] = {n: v for n, _, v in rows}
    return root, found


def read(root: Path, name: str) -> Unit:
    path = "/etc/systemd/system/" + name.replace("@a-b\\x2dc", "@")
    found = unit_reader.read(path, (root / path.lstrip("/")).read_bytes())
    directives = list(found.directives)
    for drop_in in sorted(DROP_INS):
        if drop_in.startswith(f"{name}.d/"):
            directives += unit_reader.read(drop_in, (root / "etc/systemd/system" / drop_in).read_bytes()).directives
    return Unit(path, name, tuple(directives))


@pytest.mark.parametrize("name", UNITS)
def test_says_what_a_real_systemd_hands_over(name: str, booted: tuple[Path, dict[str, dict[str, str]]]) -> None:
    root, found = booted
    real = found[name]
    said = unit_environment.handed(read(root, name), manager.system_manager(root))
    assert said.refused == []
    assert set(said.variables) == set(real)
    known = {n: v for n, (v, _) in said.variables.items() if v is not None}
    assert known == {n: real[n] for n in known}
    passing = set(said.variables) - set(known)
    assert passing <= {"INVOCATION_ID", "SYSTEMD_EXEC_PID", "JOURNAL_STREAM", "WATCHDOG_PID", "container"}


@pytest.mark.parametrize("name", USER_UNITS)
def test_says_what_a_real_user_manager_hands_over(name: str, booted: tuple[Path, dict[str, dict[str, str]]]) -> None:
    root, found = booted
    path = f"/etc/systemd/user/{name}"
    account = find_account(root, "app")
    assert account
    unit = unit_reader.read(path, (root / path.lstrip("/")).read_bytes())
    said = unit_environment.handed(unit, manager.user_manager(root, account))
    known = {n: v for n, (v, _) in said.variables.items() if v is not None}
    assert set(said.variables) == set(found[name])
    assert known == {n: found[name][n] for n in known}
