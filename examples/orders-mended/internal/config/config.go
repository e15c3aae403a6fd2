// Package config reads what the service is started with, and follows the settings that may change while it runs.
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Config is what the process is started with.
type Config struct {
	Addr            string
	AdminAddr       string
	LogLevel        string
	DatabaseDriver  string
	DatabaseURL     string
	ReplicaURL      string
	PaymentsURL     string
	PaymentsToken   string
	PaymentsTimeout time.Duration
	EtcdEndpoints   []string
	OutboxBatchSize int
	OutboxInterval  time.Duration
}

// Load reads the environment and the credentials' files. Its error names everything that is wrong.
func Load() (Config, error) {
	cfg := Config{
		Addr:           getenv("ORDERS_ADDR", ":8080"),
		AdminAddr:      getenv("ORDERS_ADMIN_ADDR", ":9091"),
		LogLevel:       getenv("LOG_LEVEL", "info"),
		DatabaseDriver: getenv("DATABASE_DRIVER", "pgx"),
		PaymentsURL:    os.Getenv("PAYMENTS_URL"),
	}
	var wrong [7]error
	if cfg.PaymentsURL == "" {
		wrong[0] = errors.New("PAYMENTS_URL is not set")
	}
	cfg.DatabaseURL, wrong[1] = Credential("database-url")
	cfg.ReplicaURL, wrong[2] = Credential("replica-url")
	cfg.PaymentsToken, wrong[3] = Credential("payments-token")
	cfg.PaymentsTimeout, wrong[4] = duration("PAYMENTS_TIMEOUT", getenv("PAYMENTS_TIMEOUT", "5s"))
	cfg.OutboxInterval, wrong[5] = duration("OUTBOX_INTERVAL", getenv("OUTBOX_INTERVAL", "2s"))
	cfg.OutboxBatchSize, wrong[6] = positive("OUTBOX_BATCH_SIZE", getenv("OUTBOX_BATCH_SIZE", "50"))
	if endpoints := os.Getenv("ETCD_ENDPOINTS"); endpoints != "" {
		cfg.EtcdEndpoints = strings.Split(endpoints, ",")
	}
	return cfg, errors.Join(wrong[:]...)
}

// Credential reads one secret from the directory that systemd, Kubernetes or compose mounts.
func Credential(name string) (string, error) {
	directory := getenv("ORDERS_CREDENTIALS", "/run/credentials/orders.service")
	text, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		return "", fmt.Errorf("credential %s: %w", name, err)
	}
	return strings.TrimSpace(string(text)), nil
}

func duration(name, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if d <= 0 {
		return 0, fmt.Errorf("%s must be longer than 0, not %s", name, d)
	}
	return d, nil
}

func positive(name, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if n < 1 {
		return 0, fmt.Errorf("%s must be at least 1, not %d", name, n)
	}
	return n, nil
}

func getenv(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}
