"""Which metrics an expression selects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.read.promql import metrics

EXPRESSIONS = {
    "up": "up",
    "up == 0": "up",
    "sum(rate(http_requests_total[5m])) by (code)": "http_requests_total",
    "SUM BY (code) (rate(http_requests_total[5m:1m]))": "http_requests_total",
    "sum without(instance, pod) (a) / on(job) group_left(version, team) b": "a b",
    "a * ignoring (x) group_right b": "a b",
    'histogram_quantile(0.99, sum(rate(h_seconds_bucket{le!="", code=~"5.."}[$__rate_interval])) by (le))': "h_seconds_bucket",
    "job:requests:rate5m{job='x'} > 0.5": "job:requests:rate5m",
    ":node_memory:sum": ":node_memory:sum",
    "a and b or c unless on() d": "a b c d",
    "a > bool 1": "a",
    "a offset 5m - a offset -1h30m": "a",
    "a @ end() + b @ 1609746000": "a b",
    "rate(a[5m] offset 1w)": "a",
    '{__name__="a", job="x"}': "a",
    '{job="x", __name__="a"}': "a",
    '{__name__=~"a|b"}': "",
    '{"a.b", job="x"}': "a.b",
    'absent(up{job="a}b"})': "up",
    "vector(1)": "",
    "time() - process_start_time_seconds": "process_start_time_seconds",
    "1e-3 + 0x1F + Inf + NaN + .5": "",
    'label_replace(a, "dst", "$1", "src", "(.*)")': "a",
    "count_values('version', build_info)": "build_info",
    "topk(5, a)": "a",
    "count": "count",
    "a # b\n+ c": "a c",
    "rate($metric[5m])": "",
    "rate(${metric:raw}_total[5m])": "",
    "prefix_${env}_total": "",
    "$env:total": "",
    'rate(a{job=~"$job", ${filter}}[[[interval]]])': "a",
    "[[prefix]]_total": "",
    "a[${range}s]": "a",
    "quantile_over_time(0.9, a[1d])": "a",
    "predict_linear(a[1h], 4 * 3600) < 0": "a",
    "a{}": "a",
    'sum(count_over_time({job="x"} |= "error" [5m]))': "",
    '{job="x"} | json | level="error"': "",
    "": "",
    "sum(": "",
    "a{": "a",
    'a{b="c': "a",
}


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS.items())
def test_finds_the_metrics_of(text: str, expected: str) -> None:
    assert metrics(text) == tuple(expected.split())


def test_each_metric_stands_once_in_order() -> None:
    assert metrics("b / a + b") == ("b", "a")


@given(st.text() | st.text(alphabet="ab_:{}[]()\"'`\\=~!,$ \n#|1e-.by"))
def test_never_raises(text: str) -> None:
    metrics(text)
