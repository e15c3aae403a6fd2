package config

import (
	"context"
	"encoding/json"
	"log"
	"strings"
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

// Current holds the settings in force.
var Current = Settings{MaxQuantity: 100, AcceptOrders: true, OutboxWorkers: 4}

// Connect opens the etcd client.
func Connect(endpoints string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(endpoints, ","),
		DialTimeout: 5 * time.Second,
	})
}

// Watch applies every change of the settings key.
func Watch(ctx context.Context, client *clientv3.Client) {
	for response := range client.Watch(ctx, settingsKey) {
		for _, event := range response.Events {
			var next Settings
			_ = json.Unmarshal(event.Kv.Value, &next)
			Current = next
			log.Printf("settings changed: %+v", next)
		}
	}
}
