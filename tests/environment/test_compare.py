import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from steadygo.environment.compare import Comparison, compare
from steadygo.environment.fingerprint import Fingerprint, Value
from steadygo.environment.impact import Impact
from steadygo.environment.secrets import Sealer
from steadygo.findings import Verdict

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/env-diff.schema.json").read_text())


def side(values: dict[str, str], *closed: str, kind: str = "here") -> Fingerprint:
    return Fingerprint(kind, kind, {k: Value(v, "test") for k, v in values.items()}, closed or ("env.", "godebug."))


def ranked(compared: Comparison) -> dict[str, Impact]:
    return {d.key: d.impact for d in compared.differences}


def test_json_follows_its_schema() -> None:
    compared = compare(side({"env.GODEBUG": "tls10server=1", "go.selected": "go1.27.3"}), side({"cpu.count": "2", "env.A": "1"}))
    jsonschema.validate(json.loads(msgspec.json.encode(compared)), SCHEMA)


def test_equal_sides_have_no_difference() -> None:
    one = side({"go.version": "go1.26.8", "env.A": "1"})
    assert compare(one, one) == Comparison((), Verdict.PASS)


def test_what_one_side_does_not_know_is_not_a_difference() -> None:
    compared = compare(side({"cpu.count": "8"}), side({"binary.go": "go1.27.3"}, "binary.", kind="binary"))
    assert compared.differences == ()
    assert set(compared.not_compared) == {"cpu.count", "binary.go"}


def test_nothing_in_common_is_not_a_pass() -> None:
    assert compare(side({"cpu.count": "8"}), side({"os.id": "debian"})).verdict is Verdict.NOT_KNOWN


def test_secrets_under_different_keys_are_not_compared() -> None:
    one, two = Sealer(b"1" * 32).seal("DB_PASSWORD", "x"), Sealer(b"2" * 32).seal("DB_PASSWORD", "y")
    assert compare(side({"env.DB_PASSWORD": one}), side({"env.DB_PASSWORD": two})).not_compared == ("env.DB_PASSWORD",)


def test_a_removed_godebug_meets_a_program_that_dies_of_it() -> None:
    host = side({"env.GODEBUG": "http2debug=1,tls10server=1"}, "env.", kind="unit")
    for version, impact in (("go1.27.3", Impact.FATAL), ("go1.26.6", Impact.BEHAVIOUR)):
        program = side({"binary.go": version}, "binary.", "godebug.", kind="binary")
        for compared in (compare(host, program), compare(program, host)):
            assert ranked(compared) == {"env.GODEBUG": impact}
            assert compared.verdict is (Verdict.FAIL if impact is Impact.FATAL else Verdict.PASS)


@pytest.mark.parametrize(
    ("program", "host", "key"),
    [
        ({"binary.GOAMD64": "v3"}, {"cpu.level": "v2"}, "cpu.level"),
        ({"binary.GOARCH": "arm64"}, {"kernel.arch": "x86_64"}, "binary.GOARCH"),
        ({"binary.interpreter": "/lib64/ld-linux-x86-64.so.2"}, {"libc.name": "musl"}, "libc.name"),
        ({"binary.interpreter": "/lib64/ld-linux-x86-64.so.2"}, {"libc.name": "none"}, "libc.name"),
        (
            {"binary.interpreter": "/lib64/ld-linux-x86-64.so.2", "binary.glibc": "2.34"},
            {"libc.name": "glibc", "libc.version": "2.31"},
            "libc.version",
        ),
    ],
)
def test_what_keeps_a_program_from_starting_is_fatal(program: dict[str, str], host: dict[str, str], key: str) -> None:
    built = side({"binary.go": "go1.27.3", **program}, "binary.")
    assert ranked(compare(built, side(host)))[key] is Impact.FATAL


def test_what_fits_is_not_fatal() -> None:
    built = side(
        {
            "binary.go": "go1.27.3",
            "binary.GOAMD64": "v2",
            "binary.GOARCH": "386",
            "binary.glibc": "2.3.2",
            "binary.interpreter": "/lib/ld-linux.so.2",
        },
        "binary.",
    )
    host = side({"cpu.level": "v3", "kernel.arch": "x86_64", "libc.name": "glibc", "libc.version": "2.31"})
    assert compare(built, host).differences == ()


def test_a_quota_that_the_programs_go_does_not_see_is_performance() -> None:
    unit = side({"cgroup.cpu.max": "2", "env.A": "1"}, "env.", kind="unit")
    old = compare(unit, side({"binary.go": "go1.24.3"}, "binary.", kind="binary"))
    assert ranked(old) == {"go.maxprocs": Impact.PERFORMANCE}
    assert "set GOMAXPROCS=2" in old.differences[0].why
    assert compare(unit, side({"binary.go": "go1.25.3"}, "binary.", kind="binary")).differences == ()
    by_line = side({"binary.go": "go1.25.3", "godebug.containermaxprocs": "0"}, "binary.", kind="binary")
    assert ranked(compare(unit, by_line)) == {"go.maxprocs": Impact.PERFORMANCE}


def test_variables_are_ranked_by_who_reads_them() -> None:
    a, b = side({"env.LISTEN": ":80", "env.OTHER": "1", "env.SSH_TTY": "x", "env.AWS_REGION": "eu", "env.HTTPS_PROXY": "p"}), side({})
    assert ranked(compare(a, b, {"LISTEN": "main.go:7"})) == {
        "env.LISTEN": Impact.BEHAVIOUR,
        "env.AWS_REGION": Impact.BEHAVIOUR,
        "env.HTTPS_PROXY": Impact.BEHAVIOUR,
        "env.OTHER": Impact.COSMETIC,
        "env.SSH_TTY": Impact.COSMETIC,
    }
    assert ranked(compare(a, b))["env.OTHER"] is Impact.BEHAVIOUR


def test_a_variable_is_judged_once_by_what_it_leads_to() -> None:
    a = side({"env.TZ": "Asia/Tokyo", "time.zone": "Asia/Tokyo", "env.GOFLAGS": "-mod=mod", "go.env.GOFLAGS": "-mod=mod"})
    b = side({"time.zone": "UTC", "go.env.GOFLAGS": ""})
    assert ranked(compare(a, b)) == {"time.zone": Impact.BEHAVIOUR, "go.env.GOFLAGS": Impact.BEHAVIOUR}


def test_the_soft_limit_of_open_files_does_not_count() -> None:
    a = side({"process.limit.nofile": "1024:524288"})
    assert ranked(compare(a, side({"process.limit.nofile": "4096:524288"}))) == {"process.limit.nofile": Impact.COSMETIC}
    assert ranked(compare(a, side({"process.limit.nofile": "1024:4096"}))) == {"process.limit.nofile": Impact.BEHAVIOUR}


def test_a_go_version_without_a_patch_stands_for_any_patch() -> None:
    assert compare(side({"go.version": "go1.26"}), side({"go.version": "go1.26.8"})).differences == ()
    crossing = compare(side({"go.version": "go1.24.3"}), side({"go.version": "go1.25.1"})).differences[0]
    assert "GOMAXPROCS follows the container's CPU limit" in crossing.why
