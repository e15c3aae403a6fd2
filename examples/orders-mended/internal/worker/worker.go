// Package worker sends the outbox to payments.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/metrics"
	"git.harbourline.example/shop/orders/internal/store"
)

// Outbox is where events wait.
type Outbox interface {
	Acquire(ctx context.Context, holder string) (store.Lease, error)
	Pending(ctx context.Context, limit int) ([]store.Event, int, error)
	MarkSent(ctx context.Context, lease store.Lease, e store.Event, status string) error
}

// Charger takes money.
type Charger interface {
	Charge(ctx context.Context, orderID string, cents int64) error
}

// Publisher moves events from the outbox to payments.
type Publisher struct {
	Outbox   Outbox
	Payments Charger
	Live     *config.Live
	Metrics  *metrics.Metrics
	Holder   string // unique to this process
	Batch    int
	Interval time.Duration
}

// Run sends what waits, every interval, until ctx ends. It returns when the last worker has.
func (p *Publisher) Run(ctx context.Context) {
	ticker := time.NewTicker(p.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := p.publish(ctx); err != nil && !errors.Is(err, store.ErrLeaseLost) && ctx.Err() == nil {
				slog.ErrorContext(ctx, "publish", "err", err)
			}
		}
	}
}

func (p *Publisher) publish(ctx context.Context) error {
	lease, err := p.Outbox.Acquire(ctx, p.Holder)
	if err != nil {
		return err
	}
	events, waiting, err := p.Outbox.Pending(ctx, p.Batch)
	if err != nil {
		return err
	}
	p.Metrics.OutboxPending.Set(float64(waiting))

	jobs := make(chan store.Event, len(events))
	for _, e := range events {
		jobs <- e
	}
	close(jobs)
	var workers sync.WaitGroup
	for range p.Live.Settings().OutboxWorkers {
		workers.Go(func() {
			for e := range jobs {
				if ctx.Err() != nil {
					return
				}
				if err := p.send(ctx, lease, e); err != nil {
					slog.ErrorContext(ctx, "event stays in the outbox", "order", e.OrderID, "err", err)
				}
			}
		})
	}
	workers.Wait()
	return nil
}

func (p *Publisher) send(ctx context.Context, lease store.Lease, e store.Event) error {
	if err := p.Payments.Charge(ctx, e.OrderID, e.Cents); err != nil {
		p.Metrics.PaymentFailures.Inc()
		return fmt.Errorf("charge order %s: %w", e.OrderID, err)
	}
	return p.Outbox.MarkSent(ctx, lease, e, "paid")
}
