// Package metrics holds what the service counts.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are the service's own metrics.
type Metrics struct {
	OrdersCreated   prometheus.Counter
	RequestDuration *prometheus.HistogramVec
	OutboxPending   prometheus.Gauge
	PaymentFailures prometheus.Counter
}

// New registers the metrics, and those of the runtime and the process.
func New(registry *prometheus.Registry) *Metrics {
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	factory := promauto.With(registry)
	return &Metrics{
		OrdersCreated: factory.NewCounter(prometheus.CounterOpts{
			Name: "orders_created_total",
			Help: "Orders accepted.",
		}),
		RequestDuration: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "orders_http_request_duration_seconds",
			Help:    "Time to answer a request.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"method", "route", "code"}),
		OutboxPending: factory.NewGauge(prometheus.GaugeOpts{
			Name: "orders_outbox_pending",
			Help: "Events that wait to be sent.",
		}),
		PaymentFailures: factory.NewCounter(prometheus.CounterOpts{
			Name: "orders_payment_failures_total",
			Help: "Charges that payments refused or that failed.",
		}),
	}
}
