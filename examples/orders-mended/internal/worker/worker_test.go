package worker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/metrics"
	"git.harbourline.example/shop/orders/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type outbox struct {
	mu   sync.Mutex
	open []store.Event
}

func (o *outbox) Acquire(context.Context, string) (store.Lease, error) {
	return store.Lease{Token: 1}, nil
}

func (o *outbox) Pending(context.Context, int) ([]store.Event, int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]store.Event(nil), o.open...), len(o.open), nil
}

func (o *outbox) MarkSent(_ context.Context, _ store.Lease, sent store.Event, _ string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, e := range o.open {
		if e.ID == sent.ID {
			o.open = append(o.open[:i:i], o.open[i+1:]...)
			return nil
		}
	}
	return store.ErrLeaseLost
}

type charger func(orderID string) error

func (c charger) Charge(_ context.Context, orderID string, _ int64) error { return c(orderID) }

func TestSendsEveryEventAndKeepsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiting := &outbox{open: []store.Event{{ID: 1, OrderID: "good"}, {ID: 2, OrderID: "bad"}, {ID: 3, OrderID: "fine"}}}
		p := &Publisher{
			Outbox: waiting,
			Payments: charger(func(orderID string) error {
				if orderID == "bad" {
					return errors.New("refused")
				}
				return nil
			}),
			Live:     config.NewLive(config.Settings{OutboxWorkers: 2}, time.Second),
			Metrics:  metrics.New(prometheus.NewRegistry()),
			Holder:   "a",
			Batch:    10,
			Interval: time.Second,
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		p.Run(ctx)
		if len(waiting.open) != 1 || waiting.open[0].OrderID != "bad" {
			t.Errorf("still open: %v", waiting.open)
		}
	})
}
