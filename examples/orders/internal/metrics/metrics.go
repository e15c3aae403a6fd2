// Package metrics holds what the service counts.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	OrdersCreated = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "orders_created",
		Help: "Orders accepted.",
	}, []string{"customer_id"})

	RequestDuration = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "orders_request_duration_ms",
		Help:    "Time to answer a request.",
		Buckets: []float64{5, 10, 25, 50, 100, 250, 500, 1000, 2500},
	}, []string{"method", "path"})

	OutboxPending = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "ordersOutboxPending",
		Help: "Events that wait to be sent.",
	})

	PaymentFailures = promauto.NewCounter(prometheus.CounterOpts{
		Name: "orders_payment_failures_total",
		Help: "Charges that payments refused or that failed.",
	})
)
