// Command orders serves the orders API.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"git.harbourline.example/shop/orders/internal/api"
	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/logging"
	"git.harbourline.example/shop/orders/internal/metrics"
	"git.harbourline.example/shop/orders/internal/payments"
	"git.harbourline.example/shop/orders/internal/reports"
	"git.harbourline.example/shop/orders/internal/store"
	"git.harbourline.example/shop/orders/internal/watchdog"
	"git.harbourline.example/shop/orders/internal/worker"
)

// Together with the ten seconds of preStop they stay below the sixty that every platform here gives.
const (
	shutdownTimeout = 20 * time.Second
	drainTimeout    = 10 * time.Second
)

// version is set by the build.
var version = "unreleased"

func main() {
	check := flag.Bool("check", false, "ask the service that runs here whether it is ready, and leave")
	flag.Parse()
	work := run
	if *check {
		work = ready
	}
	if err := work(context.Background()); err != nil {
		slog.Error("orders failed", "err", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	cfg, err := config.Load()
	if err != nil {
		return fmt.Errorf("load configuration: %w", err)
	}
	slog.SetDefault(logging.New(os.Stdout, cfg.LogLevel).With("version", version))

	registry := prometheus.NewRegistry()
	counted := metrics.New(registry)
	db, err := store.Open(ctx, cfg.DatabaseDriver, cfg.DatabaseURL, registry)
	if err != nil {
		return err
	}
	defer db.Close()
	figures, err := reports.Open(cfg.DatabaseDriver, cfg.ReplicaURL, registry)
	if err != nil {
		return err
	}
	defer figures.Close()
	upstream := payments.New(cfg.PaymentsURL, cfg.PaymentsToken, cfg.PaymentsTimeout)
	defer upstream.Close()

	live := config.NewLive(config.Settings{MaxQuantity: 100, AcceptOrders: true, OutboxWorkers: 4}, 2*time.Second)
	handlers := api.New(db, figures, upstream, live, counted)
	apiServer := &http.Server{
		Addr:              cfg.Addr,
		Handler:           handlers.Routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
	}
	admin := http.NewServeMux()
	admin.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	adminServer := &http.Server{
		Addr:              cfg.AdminAddr,
		Handler:           admin,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
	}
	defer apiServer.Close()
	defer adminServer.Close()
	failed := make(chan error, 3)
	for _, server := range []*http.Server{apiServer, adminServer} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", server.Addr)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		go func() { failed <- server.Serve(listener) }()
	}

	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	publisher := &worker.Publisher{
		Outbox: db, Payments: upstream, Live: live, Metrics: counted,
		Holder: rand.Text(), Batch: cfg.OutboxBatchSize, Interval: cfg.OutboxInterval,
	}
	published := make(chan struct{})
	go func() {
		defer close(published)
		publisher.Run(working)
	}()
	if len(cfg.EtcdEndpoints) > 0 {
		client, err := config.Connect(working, cfg.EtcdEndpoints)
		if err != nil {
			return fmt.Errorf("connect to etcd: %w", err)
		}
		defer client.Close()
		go live.Follow(working, client)
	}
	go func() {
		if err := watchdog.Run(working, db.Ready); err != nil {
			failed <- err
		}
	}()
	if err := watchdog.Ready(); err != nil {
		return err
	}
	slog.InfoContext(ctx, "started", "addr", cfg.Addr, "admin", cfg.AdminAddr)

	select {
	case <-ctx.Done():
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	}
	return shutdown(handlers, apiServer, stopWorking, published)
}

// shutdown lets requests end first, then the workers.
func shutdown(handlers *api.Server, server *http.Server, stopWorking context.CancelFunc, published <-chan struct{}) error {
	handlers.Drain()
	notified := watchdog.Stopping()
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	stopWorking()
	timer := time.NewTimer(drainTimeout)
	defer timer.Stop()
	select {
	case <-published:
	case <-timer.C:
		err = errors.Join(err, errors.New("workers did not end in time"))
	}
	return errors.Join(err, notified)
}
