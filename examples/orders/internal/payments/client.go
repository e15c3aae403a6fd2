// Package payments talks to the payments service.
package payments

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Client calls payments.
type Client struct {
	url     string
	token   string
	timeout time.Duration
	http    *http.Client
}

// New returns a client for the service at url.
func New(url, token string, timeout time.Duration) *Client {
	return &Client{url: url, token: token, timeout: timeout, http: &http.Client{}}
}

type charge struct {
	OrderID string `json:"order_id"`
	Cents   int64  `json:"cents"`
}

// Charge takes the money for an order.
func (c *Client) Charge(ctx context.Context, orderID string, cents int64) error {
	body, _ := json.Marshal(charge{OrderID: orderID, Cents: cents})
	req, err := http.NewRequest(http.MethodPost, c.url+"/charges", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("charge %s: %v", orderID, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("charge %s: %v", orderID, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("charge %s: payments answered %d", orderID, resp.StatusCode)
	}
	return nil
}

// Reachable tells whether payments answers at all.
func (c *Client) Reachable() bool {
	client := &http.Client{
		Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: time.Second}).DialContext},
		Timeout:   c.timeout,
	}
	resp, err := client.Get(c.url + "/healthz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
