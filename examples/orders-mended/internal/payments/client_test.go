package payments

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBP12RepeatedChargesCarryTheSameKey(t *testing.T) {
	t.Parallel()
	keys := make(chan string, 2) // BP-12
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("Idempotency-Key")
		w.WriteHeader(http.StatusCreated)
	}))
	defer upstream.Close()
	client := New(upstream.URL, "token", 5*time.Second)
	defer client.Close()
	for range 2 {
		if err := client.Charge(t.Context(), "o-1", 500); err != nil {
			t.Fatal(err)
		}
	}
	if first, second := <-keys, <-keys; first != second || first == "" {
		t.Errorf("keys are %q and %q", first, second)
	}
}

func TestChargeStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	client := New("http://payments.invalid", "token", 5*time.Second)
	defer client.Close()
	if err := client.Charge(ctx, "o-1", 500); !errors.Is(err, context.Canceled) {
		t.Errorf("charge gives %v", err)
	}
}
