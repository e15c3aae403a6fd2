package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/metrics"
	"git.harbourline.example/shop/orders/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type figures struct{ err error }

func (f figures) Revenue(context.Context, string) (int64, error) { return 4200, f.err }

type refunds struct{ orders []string }

func (r *refunds) Refund(_ context.Context, orderID string, _ int64) error {
	r.orders = append(r.orders, orderID)
	return nil
}

type fixture struct {
	store   *store.Store
	refunds *refunds
	server  *Server
	routes  http.Handler
}

func newFixture(t *testing.T, f figures) fixture {
	t.Helper()
	registry := prometheus.NewRegistry()
	s, err := store.Open(t.Context(), "sqlite", "file:"+filepath.Join(t.TempDir(), "orders.db"), registry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	live := config.NewLive(config.Settings{MaxQuantity: 10, AcceptOrders: true, OutboxWorkers: 1}, time.Second)
	r := &refunds{}
	server := New(s, f, r, live, metrics.New(registry))
	return fixture{store: s, refunds: r, server: server, routes: server.Routes()}
}

func (f fixture) ask(t *testing.T, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	f.routes.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	return w
}

func (f fixture) order(t *testing.T) store.Order {
	t.Helper()
	w := f.ask(t, http.MethodPost, "/orders", `{"customer_id":"c-1","sku":"lamp","quantity":2,"cents":3998}`)
	var order store.Order
	if err := json.Unmarshal(w.Body.Bytes(), &order); err != nil || w.Code != http.StatusCreated {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return order
}

func TestBP07EveryAcceptedOrderHasItsEvent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, figures{}) // BP-07
	order := f.order(t)
	events, _, err := f.store.Pending(t.Context(), 10)
	if err != nil || len(events) != 1 || events[0].OrderID != order.ID {
		t.Errorf("events %v, %v", events, err)
	}
	if w := f.ask(t, http.MethodGet, "/orders/"+order.ID, ""); w.Code != http.StatusOK {
		t.Errorf("status %d", w.Code)
	}
}

func TestRefusesWhatSettingsDoNotAllow(t *testing.T) {
	t.Parallel()
	f := newFixture(t, figures{})
	for body, want := range map[string]int{
		`{"customer_id":"c-1","sku":"lamp","quantity":11}`: http.StatusUnprocessableEntity,
		`{"customer_id":"c-1","sku":"","quantity":1}`:      http.StatusUnprocessableEntity,
		`{`: http.StatusBadRequest,
	} {
		if w := f.ask(t, http.MethodPost, "/orders", body); w.Code != want {
			t.Errorf("%s: status %d", body, w.Code)
		}
	}
}

func TestSellsOnWhenFiguresAreLateButNotWhenTheyFail(t *testing.T) {
	t.Parallel()
	newFixture(t, figures{err: context.DeadlineExceeded}).order(t)
	f := newFixture(t, figures{err: errors.New("broken")})
	if w := f.ask(t, http.MethodPost, "/orders", `{"customer_id":"c-1","sku":"lamp","quantity":1}`); w.Code != http.StatusConflict {
		t.Errorf("status %d", w.Code)
	}
}

func TestRefundsAPaidOrderBeforeItIsRemoved(t *testing.T) {
	t.Parallel()
	f := newFixture(t, figures{})
	order := f.order(t)
	lease, err := f.store.Acquire(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	events, _, err := f.store.Pending(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.store.MarkSent(t.Context(), lease, events[0], "paid"); err != nil {
		t.Fatal(err)
	}
	if w := f.ask(t, http.MethodDelete, "/orders/"+order.ID, ""); w.Code != http.StatusNoContent {
		t.Errorf("status %d", w.Code)
	}
	if len(f.refunds.orders) != 1 || f.refunds.orders[0] != order.ID {
		t.Errorf("refunded %v", f.refunds.orders)
	}
	if w := f.ask(t, http.MethodGet, "/orders/"+order.ID, ""); w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
}

func TestReadinessFailsWhileDrainingAndLivenessDoesNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t, figures{})
	if w := f.ask(t, http.MethodGet, "/readyz", ""); w.Code != http.StatusNoContent {
		t.Errorf("status %d", w.Code)
	}
	f.server.Drain()
	if w := f.ask(t, http.MethodGet, "/readyz", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d while draining", w.Code)
	}
	if w := f.ask(t, http.MethodGet, "/livez", ""); w.Code != http.StatusNoContent {
		t.Errorf("status %d of livez", w.Code)
	}
}

func TestAnswersRevenue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, figures{})
	if w := f.ask(t, http.MethodGet, "/reports/revenue/lamp", ""); w.Body.String() != `{"cents":4200}` {
		t.Error(w.Body)
	}
}
