package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const settingsKey = "/orders/settings"

// Settings can be changed while the service runs.
type Settings struct {
	MaxQuantity   int  `json:"max_quantity"`
	AcceptOrders  bool `json:"accept_orders"`
	OutboxWorkers int  `json:"outbox_workers"`
}

// Validate refuses settings that would harm.
func (s Settings) Validate() error {
	if s.MaxQuantity < 1 || s.MaxQuantity > 10_000 {
		return fmt.Errorf("max_quantity %d is not between 1 and 10000", s.MaxQuantity)
	}
	if s.OutboxWorkers < 1 || s.OutboxWorkers > 8 {
		return fmt.Errorf("outbox_workers %d is not between 1 and 8", s.OutboxWorkers)
	}
	return nil
}

// Source is the part of an etcd client that Live needs.
type Source interface {
	Get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error)
	Watch(ctx context.Context, key string, opts ...clientv3.OpOption) clientv3.WatchChan
}

// Live holds the settings in force.
type Live struct {
	settings atomic.Pointer[Settings]
	retry    time.Duration
}

// NewLive starts with the given settings; a lost watch is opened again after retry.
func NewLive(first Settings, retry time.Duration) *Live {
	l := &Live{retry: retry}
	l.settings.Store(&first)
	return l
}

// Settings returns the settings in force.
func (l *Live) Settings() Settings { return *l.settings.Load() }

// Connect opens an etcd client.
func Connect(ctx context.Context, endpoints []string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Context:              ctx,
		Endpoints:            endpoints,
		DialTimeout:          5 * time.Second,
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 3 * time.Second,
	})
}

// Follow applies every change of the settings until ctx ends. Each round reads the key and watches from the revision after
// it, so that nothing is missed when a watch is cancelled, loses its leader or falls behind a compaction.
func (l *Live) Follow(ctx context.Context, source Source) {
	for ctx.Err() == nil {
		watching, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
		revision, err := l.load(watching, source)
		if err == nil {
			err = errors.New("watch closed")
			for response := range source.Watch(watching, settingsKey, clientv3.WithRev(revision+1)) {
				if failed := response.Err(); failed != nil {
					err = fmt.Errorf("watch at revision %d, compacted to %d: %w", revision, response.CompactRevision, failed)
					break
				}
				for _, event := range response.Events {
					if event.Type == clientv3.EventTypePut {
						l.apply(ctx, event.Kv.Value)
					}
				}
			}
		}
		cancel()
		if !pause(ctx, l.retry) {
			return
		}
		slog.WarnContext(ctx, "settings are read again", "err", err)
	}
}

func (l *Live) load(ctx context.Context, source Source) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	response, err := source.Get(ctx, settingsKey)
	if err != nil {
		return 0, fmt.Errorf("read settings: %w", err)
	}
	for _, kv := range response.Kvs {
		l.apply(ctx, kv.Value)
	}
	return response.Header.Revision, nil
}

// apply puts settings in force, or keeps the old ones when the new ones are wrong.
func (l *Live) apply(ctx context.Context, text []byte) {
	var next Settings
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&next); err != nil {
		slog.ErrorContext(ctx, "settings refused", "err", err)
		return
	}
	if err := next.Validate(); err != nil {
		slog.ErrorContext(ctx, "settings refused", "err", err)
		return
	}
	l.settings.Store(&next)
	slog.InfoContext(ctx, "settings changed", "max_quantity", next.MaxQuantity, "accept_orders", next.AcceptOrders)
}

// pause waits, and tells whether ctx still holds.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
