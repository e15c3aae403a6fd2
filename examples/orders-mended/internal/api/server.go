// Package api serves orders over HTTP.
package api

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/logging"
	"git.harbourline.example/shop/orders/internal/metrics"
	"git.harbourline.example/shop/orders/internal/store"
)

// OrderStore is what the handlers need of the database.
type OrderStore interface {
	Create(ctx context.Context, o store.Order) error
	Find(ctx context.Context, id string) (store.Order, error)
	Delete(ctx context.Context, id string) error
	Ready(ctx context.Context) error
}

// Figures answers questions about what was sold.
type Figures interface {
	Revenue(ctx context.Context, sku string) (int64, error)
}

// Refunder gives money back.
type Refunder interface {
	Refund(ctx context.Context, orderID string, cents int64) error
}

// Server holds the handlers.
type Server struct {
	store    OrderStore
	figures  Figures
	payments Refunder
	live     *config.Live
	metrics  *metrics.Metrics
	draining atomic.Bool
}

// New returns the handlers.
func New(s OrderStore, f Figures, p Refunder, live *config.Live, m *metrics.Metrics) *Server {
	return &Server{store: s, figures: f, payments: p, live: live, metrics: m}
}

// Drain lets readiness fail from now on.
func (s *Server) Drain() { s.draining.Store(true) }

// Routes registers every route.
func (s *Server) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("POST /orders", s.create)
	mux.HandleFunc("GET /orders/{id}", s.get)
	mux.HandleFunc("DELETE /orders/{id}", s.remove)
	mux.HandleFunc("GET /reports/revenue/{sku}", s.revenue)
	return s.observed(mux)
}

// livez says only that the process runs: a dead database is no reason to restart it.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}

// readyz says whether requests should come here.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	if s.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	if err := s.store.Ready(ctx); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observed measures every request by its route, and keeps its trace id for the log.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		out := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		r = r.WithContext(logging.WithTrace(r.Context(), r.Header.Get("traceparent")))
		next.ServeHTTP(out, r)
		s.metrics.RequestDuration.WithLabelValues(method(r), r.Pattern, strconv.Itoa(out.status)).Observe(time.Since(start).Seconds())
	})
}

// method keeps what clients invent out of the metrics.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete:
		return r.Method
	default:
		return "other"
	}
}
