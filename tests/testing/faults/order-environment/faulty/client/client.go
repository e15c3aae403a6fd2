// Package client talks to the warehouse.
package client

import (
	"net/url"
	"os"
	"time"
)

const standard = "https://warehouse.internal"

// Client knows where the warehouse is.
type Client struct {
	base    *url.URL
	timeout time.Duration
}

// New reads WAREHOUSE_URL and WAREHOUSE_TIMEOUT.
func New() (*Client, error) {
	address := os.Getenv("WAREHOUSE_URL")
	if address == "" {
		address = standard
	}
	base, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	timeout := 5 * time.Second
	if given := os.Getenv("WAREHOUSE_TIMEOUT"); given != "" {
		if timeout, err = time.ParseDuration(given); err != nil {
			return nil, err
		}
	}
	return &Client{base, timeout}, nil
}

// Item is the address of one article.
func (c *Client) Item(sku string) string {
	return c.base.JoinPath("items", sku).String()
}
