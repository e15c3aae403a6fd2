from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.environment import cgroups, clock, machine
from steadygo.environment.module import maxprocs
from steadygo.environment.secrets import Sealer, comparable, load_key
from steadygo.environment.versions import minor, order
from steadygo.facts.secrets import may_name_a_secret

V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_an_ancestors_tighter_cpu_limit_is_named(tmp_path: Path) -> None:
    top = "sys/fs/cgroup/system.slice"
    write(tmp_path, {f"{top}/cpu.max": "100000 100000\n", f"{top}/orders.service/cpu.max": "400000 100000\n"})
    write(tmp_path, {f"{top}/memory.max": "max\n", f"{top}/orders.service/memory.max": "1073741824\n", f"{top}/pids.max": "512\n"})
    groups = cgroups.find_groups("0::/system.slice/orders.service\n", V2_MOUNT, tmp_path)
    found = {s.key: (s.value, s.origin.removeprefix(str(tmp_path))) for s in cgroups.capture(groups)}
    assert found["cgroup.version"][0] == "v2"
    assert found["cgroup.cpu.max"] == ("4", f"/{top}/orders.service")
    assert found["cgroup.cpu.tightest"] == ("1", f"/{top}")
    assert found["cgroup.memory.max"] == ("1073741824", f"/{top}/orders.service")
    assert found["cgroup.pids.max"] == ("512", f"/{top}")


def test_reads_v1_in_a_container_whose_path_lies_above_the_mount(tmp_path: Path) -> None:
    write(tmp_path, {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n"})
    write(tmp_path, {"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"})
    mounts = (
        "40 23 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
        "41 23 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
    )
    groups = cgroups.find_groups("4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n", mounts, tmp_path)
    found = {s.key: s.value for s in cgroups.capture(groups)}
    assert found == {
        "cgroup.version": "v1",
        "cgroup.cpu.max": "1.5",
        "cgroup.cpu.tightest": "1.5",
        "cgroup.memory.max": "none",
        "cgroup.memory.high": "none",
    }


@given(st.text(), st.text())
def test_cgroup_files_of_any_content_do_not_break_the_capture(cgroup: str, mountinfo: str) -> None:
    list(cgroups.capture(cgroups.find_groups(cgroup, mountinfo, Path("/nonexistent"))))


@pytest.mark.parametrize(
    ("minor_version", "settings", "cpus", "quota", "stated", "expected"),
    [
        (24, {}, 14, 2.0, "", 14),
        (25, {}, 14, 2.0, "", 2),
        (25, {}, 14, 0.5, "", 2),
        (25, {}, 14, 2.5, "", 3),
        (25, {"containermaxprocs": "0"}, 14, 2.0, "", 14),
        (27, {}, 1, 0.5, "", 1),
        (27, {}, 14, None, "", 14),
        (27, {}, 14, 2.0, "6", 6),
        (27, {}, 14, 2.0, "0", 2),
    ],
)
def test_gomaxprocs_follows_the_rule_of_its_go(
    minor_version: int, settings: dict[str, str], cpus: int, quota: float | None, stated: str, expected: int
) -> None:
    assert maxprocs(minor_version, settings, cpus, quota, stated)[0] == expected


def test_a_zone_that_is_not_installed_falls_back_to_utc(tmp_path: Path) -> None:
    write(tmp_path, {"usr/share/zoneinfo/Europe/Berlin": "TZif"})
    assert clock.zone("Europe/Berlin", tmp_path).value == "Europe/Berlin"
    assert clock.zone(":Europe/Berlin", tmp_path).value == "Europe/Berlin"
    missing = clock.zone("Asia/Tokyo", tmp_path)
    assert (missing.value, "falls back to UTC" in missing.origin) == ("UTC", True)
    assert clock.zone("", tmp_path).value == "UTC"
    assert clock.zone(None, tmp_path).value == "UTC"


def test_localtime_names_its_zone(tmp_path: Path) -> None:
    write(tmp_path, {"usr/share/zoneinfo/Asia/Tokyo": "TZif", "etc/x": ""})
    (tmp_path / "etc/localtime").symlink_to("../usr/share/zoneinfo/Asia/Tokyo")
    assert clock.zone(None, tmp_path).value == "Asia/Tokyo"


def test_cpu_levels_follow_the_psabi() -> None:
    v2 = {"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}
    v3 = v2 | {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}
    assert machine.level(frozenset()) == "v1"
    assert machine.level(frozenset(v2)) == "v2"
    assert machine.level(frozenset(v3)) == "v3"
    assert machine.level(frozenset(v3 - {"popcnt"})) == "v1"


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "api_key", "STRIPE_SECRET", "PGPASSWORD", "SESSION_KEY", "DSN", "STRIPE_KEY"],
)
def test_names_of_secrets(name: str) -> None:
    assert may_name_a_secret(name)


@pytest.mark.parametrize(
    "name",
    ["PATH", "PWD", "TOKEN_FILE", "SSH_PUBLIC_KEY", "KEYBOARD", "GOAUTH", "PASSENGER_COUNT", "MONKEY", "TOKEN_TTL", "COMPASS", "GOSUMDB"],
)
def test_names_that_are_none(name: str) -> None:
    assert not may_name_a_secret(name)


def test_a_secret_is_kept_only_as_a_hash_that_still_compares() -> None:
    one, other = Sealer(b"k" * 32), Sealer(b"x" * 32)
    sealed = one.seal("DB_PASSWORD", "hunter2")
    assert "hunter2" not in sealed
    assert sealed == one.seal("DB_PASSWORD", "hunter2") != one.seal("DB_PASSWORD", "hunter3")
    assert not comparable(sealed, other.seal("DB_PASSWORD", "hunter2"))
    assert comparable(sealed, one.seal("DB_PASSWORD", "hunter3"))


def test_a_password_inside_a_url_is_taken_out_of_it() -> None:
    sealer = Sealer(b"k" * 32)
    sealed = sealer.seal("GOPROXY", "https://bot:hunter2@proxy.corp.example,direct")
    assert "hunter2" not in sealed
    assert sealed.startswith("https://bot:secret:")
    assert sealed.endswith("@proxy.corp.example,direct")
    assert "abcdef0123" not in sealer.seal("X", "-----BEGIN PRIVATE KEY-----\nabcdef0123")
    assert sealer.seal("GOFLAGS", "-mod=vendor") == "-mod=vendor"


def test_the_key_is_made_once_and_only_for_its_user(tmp_path: Path) -> None:
    path = tmp_path / "state/key"
    assert load_key(path) == load_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["key"]


def test_go_versions_sort_as_go_sorts_them() -> None:
    versions = ["go1.22.0", "go1.21.13", "go1.21.0", "go1.21", "go1.22beta1", "go1.21rc2"]
    assert sorted(versions, key=order) == ["go1.21", "go1.21rc2", "go1.21.0", "go1.21.13", "go1.22beta1", "go1.22.0"]
    assert minor("devel go1.28-abc123 linux/amd64") == 28
    assert minor("nonsense") is None
