package store

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) *Store {
	t.Helper()
	url := "file:" + filepath.Join(t.TempDir(), "orders.db") + "?_pragma=busy_timeout(5000)"
	s, err := Open(t.Context(), "sqlite", url, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func lamp() Order {
	created := time.Date(2026, time.March, 1, 23, 59, 0, 0, time.UTC)
	return Order{ID: "o-1", CustomerID: "c-1", SKU: "lamp", Quantity: 1, Cents: 1999, Status: "new", CreatedAt: created}
}

func TestFindsWhatWasCreatedAndNothingElse(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.Create(t.Context(), lamp()); err != nil {
		t.Fatal(err)
	}
	found, err := s.Find(t.Context(), "o-1")
	if err != nil || found.SKU != "lamp" || !found.CreatedAt.Equal(lamp().CreatedAt) {
		t.Errorf("found %+v, %v", found, err)
	}
	if err := s.Delete(t.Context(), "o-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(t.Context(), "o-1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("found what was deleted: %v", err)
	}
}

func TestLeaseIsExclusiveAndOldTokensAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.Create(t.Context(), lamp()); err != nil {
		t.Fatal(err)
	}
	first, err := s.Acquire(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Acquire(t.Context(), "b"); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("b got the lease of a: %v", err)
	}
	if _, err := s.db.ExecContext(t.Context(), `UPDATE leases SET expires_at = 0 WHERE name = 'outbox'`); err != nil {
		t.Fatal(err)
	}
	second, err := s.Acquire(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	events, waiting, err := s.Pending(t.Context(), 10)
	if err != nil || waiting != 1 {
		t.Fatalf("%d events wait, %v", waiting, err)
	}
	if err := s.MarkSent(t.Context(), first, events[0], "paid"); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("a wrote after b took over: %v", err)
	}
	if err := s.MarkSent(t.Context(), second, events[0], "paid"); err != nil {
		t.Error(err)
	}
}

func TestIsNotReadyWhenThePoolIsFull(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range maxOpenConns - 1 {
		conn, err := s.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if err := s.Ready(t.Context()); err == nil {
		t.Error("ready with 14 of 15 connections in use")
	}
}
