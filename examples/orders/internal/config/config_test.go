package config

import (
	"os"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	os.Setenv("PAYMENTS_TOKEN", "secret")
	os.Setenv("OUTBOX_BATCH_SIZE", "10")
	cfg, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.OutboxBatchSize != 10 {
		t.Errorf("batch size is %d", cfg.OutboxBatchSize)
	}
	if cfg.PaymentsTimeout != 5*time.Second {
		t.Errorf("timeout is %s", cfg.PaymentsTimeout)
	}
}

func TestSettings(t *testing.T) {
	Current = Settings{MaxQuantity: 5}
	if Current.AcceptOrders {
		t.Error("orders are accepted")
	}
}
