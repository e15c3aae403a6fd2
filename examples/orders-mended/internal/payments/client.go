// Package payments talks to the payments service.
package payments

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Client calls payments.
type Client struct {
	url   string
	token string
	http  *http.Client
}

// New returns a client for the service at url. No call takes longer than timeout.
func New(url, token string, timeout time.Duration) *Client {
	return &Client{url: url, token: token, http: &http.Client{Timeout: timeout}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

type charge struct {
	OrderID string `json:"order_id"`
	Cents   int64  `json:"cents"`
}

// Charge takes the money for an order. Payments takes it once however often it is asked; Refund undoes it.
//
// BP-12: a charge that timed out may have been taken, hence the key.
func (c *Client) Charge(ctx context.Context, orderID string, cents int64) error {
	return c.post(ctx, "/charges", "charge-"+orderID, charge{OrderID: orderID, Cents: cents})
}

// Refund gives the money for an order back: the compensation of Charge.
func (c *Client) Refund(ctx context.Context, orderID string, cents int64) error {
	return c.post(ctx, "/refunds", "refund-"+orderID, charge{OrderID: orderID, Cents: cents})
}

func (c *Client) post(ctx context.Context, path, key string, what charge) error {
	body, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: payments answered %d", key, resp.StatusCode)
	}
	return nil
}
