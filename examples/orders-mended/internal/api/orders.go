package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/store"
)

const maxBody = 64 << 10

type newOrder struct {
	CustomerID string `json:"customer_id"`
	SKU        string `json:"sku"`
	Quantity   int    `json:"quantity"`
	Cents      int64  `json:"cents"`
}

// check says why an order is refused.
func (o newOrder) check(settings config.Settings) error {
	switch {
	case !settings.AcceptOrders:
		return errors.New("orders are not accepted at present")
	case o.CustomerID == "" || o.SKU == "":
		return errors.New("customer_id and sku are needed")
	case o.Cents < 0:
		return errors.New("cents must not be negative")
	case o.Quantity < 1 || o.Quantity > settings.MaxQuantity:
		return fmt.Errorf("quantity must be between 1 and %d", settings.MaxQuantity)
	}
	return nil
}

// create accepts an order; its charge follows through the outbox, in the same transaction.
//
// BP-07: an order without its event would never be charged.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var in newOrder
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := in.check(s.live.Settings()); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if !s.stocked(r.Context(), in.SKU) {
		http.Error(w, "not in stock", http.StatusConflict)
		return
	}
	order := store.Order{
		ID: "o-" + rand.Text(), CustomerID: in.CustomerID, SKU: in.SKU, Quantity: in.Quantity,
		Cents: in.Cents, Status: "new", CreatedAt: time.Now().UTC(),
	}
	if err := s.store.Create(r.Context(), order); err != nil {
		fail(r.Context(), w, "create order", err)
		return
	}
	s.metrics.OrdersCreated.Inc()
	reply(r.Context(), w, http.StatusCreated, order)
}

// stocked asks the reports' figures, and sells on when they take too long.
func (s *Server) stocked(ctx context.Context, sku string) bool {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err := s.figures.Revenue(ctx, sku)
	if err != nil {
		slog.WarnContext(ctx, "no figures", "sku", sku, "err", err)
	}
	return err == nil || errors.Is(err, context.DeadlineExceeded)
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	order, err := s.store.Find(r.Context(), r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		fail(r.Context(), w, "find order", err)
		return
	}
	reply(r.Context(), w, http.StatusOK, order)
}

// remove gives the money of a paid order back before it forgets the order.
func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	order, err := s.store.Find(r.Context(), r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err != nil {
		fail(r.Context(), w, "find order", err)
		return
	}
	if order.Status == "paid" {
		if err := s.payments.Refund(r.Context(), order.ID, order.Cents); err != nil {
			fail(r.Context(), w, "refund order", err)
			return
		}
	}
	if err := s.store.Delete(r.Context(), order.ID); err != nil {
		fail(r.Context(), w, "delete order", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

type revenue struct {
	Cents int64 `json:"cents"`
}

func (s *Server) revenue(w http.ResponseWriter, r *http.Request) {
	cents, err := s.figures.Revenue(r.Context(), r.PathValue("sku"))
	if err != nil {
		fail(r.Context(), w, "revenue", err)
		return
	}
	reply(r.Context(), w, http.StatusOK, revenue{Cents: cents})
}

func fail(ctx context.Context, w http.ResponseWriter, what string, err error) {
	slog.ErrorContext(ctx, what, "err", err)
	http.Error(w, "internal error", http.StatusInternalServerError)
}

func reply[T store.Order | revenue](ctx context.Context, w http.ResponseWriter, status int, body T) {
	text, err := json.Marshal(body)
	if err != nil {
		fail(ctx, w, "encode answer", err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		slog.WarnContext(ctx, "client has gone", "err", err)
	}
}
