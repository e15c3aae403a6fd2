from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.environment import latency, logshape
from steadygo.environment.parity import of_latency, of_logs
from steadygo.errors import UserError
from steadygo.findings import Verdict


def samples(seed: int, count: int, median: float = 0.02, spread: float = 0.5) -> list[float]:
    rng = random.Random(seed)
    return [median * rng.lognormvariate(0, spread) for _ in range(count)]


def test_two_draws_of_one_distribution_are_alike() -> None:
    assert latency.compare(samples(1, 5000), samples(2, 5000), 0.2).verdict is Verdict.PASS


def test_a_slower_median_is_different() -> None:
    compared = latency.compare(samples(1, 3000), samples(2, 3000, median=0.03), 0.2)
    assert compared.verdict is Verdict.FAIL
    assert "different" in of_latency(compared).says[0]


def test_a_longer_tail_is_different_though_the_median_is_not() -> None:
    slow = [s * (8 if n % 20 == 0 else 1) for n, s in enumerate(samples(2, 4000))]
    compared = latency.compare(samples(1, 4000), slow, 0.2)
    assert {r.quantile: r.verdict for r in compared.ratios}[0.5] is Verdict.PASS
    assert {r.quantile: r.verdict for r in compared.ratios}[0.99] is Verdict.FAIL


def test_a_difference_that_is_significant_but_small_passes() -> None:
    compared = latency.compare(samples(1, 40_000), samples(2, 40_000, median=0.0206), 0.2)
    assert compared.p < 0.001
    assert compared.verdict is Verdict.PASS


def test_few_samples_are_not_a_pass() -> None:
    assert latency.compare(samples(1, 40), samples(2, 40), 0.1).verdict is Verdict.NOT_KNOWN


def test_the_same_service_is_seldom_called_different() -> None:
    verdicts = [latency.compare(samples(2 * n, 400), samples(2 * n + 1, 400), 0.1).verdict for n in range(20)]
    assert Verdict.FAIL not in verdicts


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(["0.012"] * 40),
        "\n".join(["12ms"] * 40),
        "\n".join(["12000µs"] * 40),
        "path,duration_ms\n" + "\n".join(["/x,12"] * 40),
        "\n".join(['{"path": "/x", "status": 200, "latency_ms": 12}'] * 40),
        "\n".join(['{"took": "12ms"}'] * 40),
    ],
)
def test_reads_latencies_as_people_write_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(text)
    assert latency.read(tmp_path / "x") == pytest.approx([0.012] * 40)


def test_too_few_latencies_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("1\n2\n")
    with pytest.raises(UserError, match="holds 2 latencies"):
        latency.read(tmp_path / "x")


def log(level: str, message: str, **more: object) -> str:
    return json.dumps({"time": "2026-01-02T03:04:05Z", "level": level, "msg": message, **more})


GOOD = [log("INFO", f"served order {n}", trace_id="a", status=200) for n in range(300)] + [
    log("ERROR", f"bad card {n}", trace_id="a") for n in range(6)
]


def test_logs_of_one_shape_are_alike() -> None:
    assert of_logs(logshape.shape_of(GOOD), logshape.shape_of(reversed(GOOD))).verdict is Verdict.PASS


def test_another_format_is_named() -> None:
    plain = [f"2026/01/02 03:04:05 served order {n}" for n in range(300)]
    found = of_logs(logshape.shape_of(GOOD), logshape.shape_of(plain))
    assert (found.verdict, found.says[0]) == (Verdict.FAIL, "a logs json, b logs plain")


def test_a_missing_key_and_a_raised_level_are_named() -> None:
    debug = [log("DEBUG", f"cache miss {n}", status=200) for n in range(300)]
    found = of_logs(logshape.shape_of(GOOD), logshape.shape_of(debug))
    assert "keys that a logs and b never does: trace_id" in found.says
    assert any("mix of levels differs" in s for s in found.says)


def test_an_error_that_only_one_side_has_is_named() -> None:
    worse = GOOD + [log("ERROR", f"dial tcp 10.0.0.{n}:5432: refused", trace_id="x", status=500) for n in range(5)]
    found = of_logs(logshape.shape_of(GOOD), logshape.shape_of(worse))
    assert found.verdict is Verdict.FAIL
    assert "dial tcp" in found.says[0]
    assert "(5 times)" in found.says[0]


def test_reads_logfmt_and_klog() -> None:
    assert logshape.shape_of(['ts=1 level=warn msg="slow query" took=3s'] * 3).levels == {"warn": 3}
    assert logshape.shape_of(["E0102 03:04:05.678901       1 main.go:7] failed"]).levels == {"error": 1}
    assert logshape.shape_of(["time=x level=INFO msg=hi a=b"]).format == "logfmt"


def test_few_lines_are_not_a_pass() -> None:
    assert of_logs(logshape.shape_of(GOOD[:10]), logshape.shape_of(GOOD)).verdict is Verdict.NOT_KNOWN


@given(st.lists(st.text()))
def test_any_log_has_a_shape(lines: list[str]) -> None:
    logshape.shape_of(lines)


FILES = ("--logs", "a.log", "b.log", "--latency", "a.txt", "b.txt")


def test_names_the_difference_on_the_command_line(tmp_path: Path) -> None:
    for name, values in (("a", samples(1, 2000)), ("b", samples(2, 2000, median=0.05))):
        (tmp_path / f"{name}.txt").write_text("\n".join(map(str, values)))
        (tmp_path / f"{name}.log").write_text("\n".join(GOOD))
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"kind": "here", "label": name, "values": {"env.LOG_LEVEL": {"value": "info", "origin": "x"}}, "closed": ["env."]})
        )
    done = subprocess.run(
        [sys.executable, "-c", "from steadygo.cli import main; main()", *["env", "parity", "a.json", "b.json", "--json"], *FILES],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert {a["name"]: a["verdict"] for a in found["aspects"]} == {"settings": "pass", "logs": "pass", "latency": "fail"}
    assert found["verdict"] == "fail"
