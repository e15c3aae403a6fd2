// Package worker sends the outbox to payments.
package worker

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"sync"
	"time"

	"git.harbourline.example/platform/envelope"
	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/metrics"
	"git.harbourline.example/shop/orders/internal/payments"
	"git.harbourline.example/shop/orders/internal/store"
)

const drainTimeout = 15 * time.Second

// Handler takes what comes out of the outbox.
type Handler interface {
	Handle(ctx context.Context, payload any) (any, error)
}

// Publisher moves events from the outbox to payments.
type Publisher struct {
	store    *store.Store
	payments *payments.Client
	batch    int
	jobs     chan store.Event
	wg       sync.WaitGroup
}

// New returns a publisher.
func New(s *store.Store, p *payments.Client, batch int) *Publisher {
	return &Publisher{store: s, payments: p, batch: batch, jobs: make(chan store.Event)}
}

// Start runs the pool.
func (p *Publisher) Start(ctx context.Context, interval time.Duration) {
	for i := 0; i < config.Current.OutboxWorkers; i++ {
		p.wg.Add(1)
		go p.work(ctx)
	}
	go p.poll(ctx, interval)
	go p.measure()
}

func (p *Publisher) poll(ctx context.Context, interval time.Duration) {
	holder, _ := os.Hostname()
	ticker := time.NewTicker(interval)
	for {
		select {
		case <-ticker.C:
			ok, err := p.store.AcquireLease(ctx, "outbox", holder)
			if err != nil || !ok {
				continue
			}
			events, err := p.store.Pending(ctx, p.batch)
			if err != nil {
				log.Printf("read outbox: %v", err)
				continue
			}
			for _, e := range events {
				p.jobs <- e
			}
		}
	}
}

func (p *Publisher) work(ctx context.Context) {
	defer p.wg.Done()
	for e := range p.jobs {
		if _, err := p.Handle(ctx, e); err != nil {
			slog.Error("send event", "order", e.OrderID, "err", err)
			time.Sleep(2 * time.Second)
		}
	}
}

func (p *Publisher) measure() {
	for {
		events, err := p.store.Pending(context.Background(), 10000)
		if err == nil {
			metrics.OutboxPending.Set(float64(len(events)))
		}
		time.Sleep(10 * time.Second)
	}
}

// Handle charges one event.
func (p *Publisher) Handle(ctx context.Context, payload any) (any, error) {
	event, ok := payload.(store.Event)
	if !ok {
		return nil, fmt.Errorf("cannot handle %T", payload)
	}
	// BP-12: a charge that timed out may have been taken.
	if err := p.payments.Charge(ctx, event.OrderID, event.Cents); err != nil {
		metrics.PaymentFailures.Inc()
		slog.Error("charge failed", "order", event.OrderID, "err", err)
		return nil, fmt.Errorf("publish: %v", err)
	}
	if err := p.store.MarkSent(ctx, event, "paid"); err != nil {
		return nil, err
	}
	return envelope.Wrap(event.OrderID, "order.paid", event)
}

// Drain waits for the workers, at most drainTimeout.
func (p *Publisher) Drain() {
	done := make(chan struct{})
	go func() {
		p.wg.Wait()
		done <- struct{}{}
	}()
	select {
	case <-done:
	case <-time.After(drainTimeout):
		log.Println("workers did not finish in time")
	}
}
