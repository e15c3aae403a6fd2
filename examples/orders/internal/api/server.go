// Package api serves orders over HTTP.
package api

import (
	"context"
	"net/http"
	"time"

	"git.harbourline.example/shop/orders/internal/metrics"
	"git.harbourline.example/shop/orders/internal/payments"
	"git.harbourline.example/shop/orders/internal/reports"
	"git.harbourline.example/shop/orders/internal/store"
)

// OrderStore is what the handlers need of the database.
type OrderStore interface {
	Create(ctx context.Context, o store.Order) error
	Find(ctx context.Context, id string) (*store.Order, error)
	Delete(ctx context.Context, id string) error
}

// Server holds the handlers.
type Server struct {
	store    OrderStore
	reports  *reports.Reports
	payments *payments.Client
}

// New returns the handlers.
func New(s OrderStore, r *reports.Reports, p *payments.Client) *Server {
	return &Server{store: s, reports: r, payments: p}
}

// Routes registers every route.
func (s *Server) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("POST /orders", s.create)
	mux.HandleFunc("GET /orders/{id}", s.get)
	mux.HandleFunc("DELETE /orders/{id}", s.remove)
	mux.HandleFunc("GET /reports/revenue/{sku}", s.revenue)
	return recovered(timed(mux))
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
	w.Write([]byte("ok"))
}

func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now().UnixNano()
		next.ServeHTTP(w, r)
		elapsed := float64(time.Now().UnixNano()-start) / 1e6
		metrics.RequestDuration.WithLabelValues(r.Method, r.URL.Path).Observe(elapsed)
	})
}

func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
