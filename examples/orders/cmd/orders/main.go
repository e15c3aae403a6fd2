// Command orders serves the orders API.
package main

import (
	"context"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"git.harbourline.example/shop/orders/internal/api"
	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/logging"
	"git.harbourline.example/shop/orders/internal/payments"
	"git.harbourline.example/shop/orders/internal/reports"
	"git.harbourline.example/shop/orders/internal/store"
	"git.harbourline.example/shop/orders/internal/worker"
)

const shutdownTimeout = 30 * time.Second

func main() {
	cfg, err := config.Load()
	if err != nil {
		log.Fatal(err)
	}
	logger := logging.New(cfg.LogLevel)
	audit, err := logging.Audit()
	if err != nil {
		logger.Warn("no audit log", "err", err)
		audit = logger
	}

	db, err := store.Open(cfg.DatabaseDriver, cfg.DatabaseURL)
	if err != nil {
		log.Fatalf("open database: %v", err)
	}
	defer db.Close()

	var figures *reports.Reports
	if cfg.ReplicaURL != "" {
		if figures, err = reports.Open(cfg.DatabaseDriver, cfg.ReplicaURL); err != nil {
			log.Fatalf("open replica: %v", err)
		}
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	if cfg.EtcdEndpoints != "" {
		client, err := config.Connect(cfg.EtcdEndpoints)
		if err != nil {
			log.Fatalf("connect to etcd: %v", err)
		}
		defer client.Close()
		go config.Watch(ctx, client)
	}

	upstream := payments.New(cfg.PaymentsURL, cfg.PaymentsToken, cfg.PaymentsTimeout)
	publisher := worker.New(db, upstream, cfg.OutboxBatchSize)
	publisher.Start(ctx, cfg.OutboxInterval)

	http.Handle("/metrics", promhttp.Handler())
	go func() {
		log.Println(http.ListenAndServe(cfg.AdminAddr, nil))
	}()

	server := &http.Server{
		Addr:         cfg.Addr,
		Handler:      api.New(db, figures, upstream).Routes(),
		WriteTimeout: 60 * time.Second,
	}
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			log.Fatalf("serve: %v", err)
		}
	}()
	audit.Info("started", "addr", cfg.Addr)

	<-ctx.Done()
	deadline, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		log.Printf("shutdown: %v", err)
	}
	publisher.Drain()
}
