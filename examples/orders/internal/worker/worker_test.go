package worker

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"git.harbourline.example/shop/orders/internal/payments"
	"git.harbourline.example/shop/orders/internal/store"
)

func TestPublisherSendsEvents(t *testing.T) {
	calls := make(chan string, 10)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls <- r.URL.Path
		w.WriteHeader(http.StatusCreated)
	}))
	defer upstream.Close()
	s, err := store.Open("sqlite", "file:"+t.TempDir()+"/orders.db")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	order := store.Order{ID: "o-1", CustomerID: "c-1", SKU: "lamp", Quantity: 1, Cents: 500, Status: "new", CreatedAt: time.Now()}
	if err := s.Create(ctx, order); err != nil {
		t.Fatal(err)
	}
	New(s, payments.New(upstream.URL, "token", time.Second), 10).Start(ctx, 20*time.Millisecond)
	time.Sleep(500 * time.Millisecond)
	if len(calls) == 0 {
		t.Error("payments was not called")
	}
}
