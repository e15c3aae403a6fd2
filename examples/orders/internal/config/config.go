// Package config reads the service's settings from the environment and from etcd.
package config

import (
	"fmt"
	"os"
	"strconv"
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
	EtcdEndpoints   string
	OutboxBatchSize int
	OutboxInterval  time.Duration
}

// Load reads the environment.
func Load() (Config, error) {
	cfg := Config{
		Addr:           getenv("ORDERS_ADDR", ":8080"),
		AdminAddr:      getenv("ORDERS_ADMIN_ADDR", ":9091"),
		LogLevel:       getenv("LOG_LEVEL", "info"),
		DatabaseDriver: getenv("DATABASE_DRIVER", "sqlite"),
		DatabaseURL:    getenv("DATABASE_URL", "file:orders.db"),
		ReplicaURL:     os.Getenv("DATABASE_REPLICA_URL"),
		PaymentsURL:    getenv("PAYMENTS_URL", "http://payments:9000"),
		EtcdEndpoints:  os.Getenv("ETCD_ENDPOINTS"),
	}
	cfg.PaymentsToken = os.Getenv("PAYMENTS_TOKEN")
	if cfg.PaymentsToken == "" {
		return cfg, fmt.Errorf("PAYMENTS_TOKEN is not set")
	}
	var err error
	if cfg.PaymentsTimeout, err = time.ParseDuration(getenv("PAYMENTS_TIMEOUT", "5s")); err != nil {
		return cfg, fmt.Errorf("PAYMENTS_TIMEOUT: %v", err)
	}
	if cfg.OutboxInterval, err = time.ParseDuration(getenv("OUTBOX_INTERVAL", "2s")); err != nil {
		return cfg, fmt.Errorf("OUTBOX_INTERVAL: %v", err)
	}
	if cfg.OutboxBatchSize, err = strconv.Atoi(getenv("OUTBOX_BATCH_SIZE", "50")); err != nil {
		return cfg, fmt.Errorf("OUTBOX_BATCH_SIZE: %v", err)
	}
	return cfg, nil
}

func getenv(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}
