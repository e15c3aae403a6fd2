package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/metrics"
	"git.harbourline.example/shop/orders/internal/store"
)

var errRefused = errors.New("order refused")

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

type newOrder struct {
	CustomerID string `json:"customer_id"`
	SKU        string `json:"sku"`
	Quantity   int    `json:"quantity"`
	Cents      int64  `json:"cents"`
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var in newOrder
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := check(in); err == errRefused {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if !s.stocked(r.Context(), in.SKU) {
		http.Error(w, "not in stock", http.StatusConflict)
		return
	}
	order := store.Order{
		ID: newID(), CustomerID: in.CustomerID, SKU: in.SKU, Quantity: in.Quantity,
		Cents: in.Cents, Status: "new", CreatedAt: time.Now(),
	}
	if err := s.store.Create(context.Background(), order); err != nil {
		slog.Error("create order", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	metrics.OrdersCreated.WithLabelValues(order.CustomerID).Inc()
	go s.confirm(order)
	reply(w, http.StatusCreated, order)
}

func check(in newOrder) error {
	if !config.Current.AcceptOrders || in.Quantity < 1 || in.Quantity > config.Current.MaxQuantity {
		return errRefused
	}
	return nil
}

// stocked asks the report's figures, and sells on when they take too long.
func (s *Server) stocked(ctx context.Context, sku string) bool {
	if s.reports == nil {
		return true
	}
	answer := make(chan bool)
	go func() {
		_, err := s.reports.Revenue(ctx, sku)
		answer <- err == nil
	}()
	select {
	case ok := <-answer:
		return ok
	case <-time.After(200 * time.Millisecond):
		return true
	}
}

func (s *Server) confirm(order store.Order) {
	for attempt := 0; attempt < 5; attempt++ {
		if s.payments != nil && s.payments.Reachable() {
			return
		}
		time.Sleep(time.Second)
	}
	fmt.Printf("payments cannot be reached, order %s stays open\n", order.ID)
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	order, err := s.store.Find(r.Context(), r.PathValue("id"))
	if err != nil {
		slog.Error("find order", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	if order == nil {
		http.NotFound(w, r)
		return
	}
	reply(w, http.StatusOK, order)
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	if err := s.store.Delete(r.Context(), r.PathValue("id")); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) revenue(w http.ResponseWriter, r *http.Request) {
	if s.reports == nil {
		http.NotFound(w, r)
		return
	}
	cents, _ := s.reports.Revenue(r.Context(), r.PathValue("sku"))
	reply(w, http.StatusOK, map[string]int64{"cents": cents})
}

func reply(w http.ResponseWriter, status int, body any) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	start := buffer.Len()
	json.NewEncoder(buffer).Encode(body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(buffer.Bytes()[start:])
}

func newID() string {
	raw := make([]byte, 12)
	rand.Read(raw)
	return "o-" + hex.EncodeToString(raw)
}
