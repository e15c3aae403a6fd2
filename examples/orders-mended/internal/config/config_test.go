package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func credentials(t *testing.T, names ...string) {
	t.Helper()
	directory := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(directory, name), []byte("secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("ORDERS_CREDENTIALS", directory)
}

func TestLoadReadsEnvironmentAndCredentials(t *testing.T) {
	credentials(t, "database-url", "replica-url", "payments-token")
	t.Setenv("PAYMENTS_URL", "http://payments")
	t.Setenv("OUTBOX_BATCH_SIZE", "10")
	cfg, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.OutboxBatchSize != 10 || cfg.PaymentsTimeout != 5*time.Second || cfg.PaymentsToken != "secret" {
		t.Errorf("loaded %+v", cfg)
	}
}

func TestLoadNamesEverythingThatIsWrong(t *testing.T) {
	credentials(t)
	t.Setenv("PAYMENTS_URL", "")
	t.Setenv("OUTBOX_INTERVAL", "-1s")
	_, err := Load()
	for _, want := range []string{"PAYMENTS_URL", "OUTBOX_INTERVAL", "database-url", "payments-token"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in: %v", want, err)
		}
	}
}
