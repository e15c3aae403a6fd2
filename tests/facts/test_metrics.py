"""Metrics as Go code exports them, through the real reader."""

from __future__ import annotations

from textwrap import dedent

from steadygo.facts import metrics
from steadygo.facts.gocode import GoCode
from steadygo.read import go

CLIENT = '"github.com/prometheus/client_golang/prometheus"; "github.com/prometheus/client_golang/prometheus/promauto"'


def exported(body: str, imports: str = CLIENT) -> metrics.Metrics:
    """Metrics of a main package."""
    text = f"package main\nimport ({imports})\n{dedent(body)}"
    return metrics.of(GoCode([go.read("main.go", text.encode())], []))


def test_folds_namespace_subsystem_and_name() -> None:
    found = exported("""
    const ns = "orders"
    var a = promauto.With(reg).NewCounterVec(prometheus.CounterOpts{Namespace: ns, Subsystem: "http", Name: "requests_total"},
        []string{"method", "code"})
    """)
    (metric,) = found.all
    assert (metric.name, metric.kind, metric.labels, metric.holder) == ("orders_http_requests_total", "counter", ("method", "code"), "a")


def test_reads_descriptions_and_qualified_names() -> None:
    found = exported('var d = prometheus.NewDesc(prometheus.BuildFQName("orders", "", "queue_length"), "help", []string{"queue"}, nil)')
    assert found.exported == {"orders_queue_length"}


def test_follows_a_name_through_a_function() -> None:
    found = exported("""
    func counter(name string) { promauto.NewCounter(prometheus.CounterOpts{Name: "orders_" + name}) }
    func main() { counter("made_total"); counter("lost_total") }
    """)
    assert found.exported == {"orders_made_total", "orders_lost_total"}


def test_names_of_opentelemetry_take_units() -> None:
    found = exported(
        'func main() { meter.Float64Histogram("orders.wait", metric.WithUnit("s")) }', '"go.opentelemetry.io/otel/metric"; "x"'
    )
    assert "orders_wait_seconds" in found.exported


def test_accuses_only_names_below_a_prefix_of_its_own() -> None:
    found = exported('var a = promauto.NewCounter(prometheus.CounterOpts{Name: "orders_made_total"})')
    assert found.is_unknown("orders_lost_total", set())
    assert not found.is_unknown("orders_made_total", set())
    assert not found.is_unknown("orders_rate", {"orders_rate"})
    assert not found.is_unknown("payments_made_total", set())
    assert not found.is_unknown("go_goroutines", set())


def test_accuses_nothing_when_a_library_gets_the_prefix() -> None:
    found = exported(
        """
    var a = promauto.NewCounter(prometheus.CounterOpts{Namespace: "orders", Name: "made_total"})
    func main() { library.Start(library.Config{MetricsNamespace: "orders"}) }
    """,
        CLIENT + '; "example.com/library"',
    )
    assert not found.is_unknown("orders_lost_total", set())
