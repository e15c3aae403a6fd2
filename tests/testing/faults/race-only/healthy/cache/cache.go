// Package cache keeps prices and says when it was filled last.
package cache

import (
	"sync"
	"time"
)

// Cache of prices by article.
type Cache struct {
	mu     sync.RWMutex
	prices map[string]int
	filled time.Time
}

// New makes an empty one.
func New() *Cache { return &Cache{prices: map[string]int{}} }

// Fill takes over prices.
func (c *Cache) Fill(prices map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for article, price := range prices {
		c.prices[article] = price
	}
	c.filled = time.Now()
}

// Price of an article.
func (c *Cache) Price(article string) (int, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	price, known := c.prices[article]
	return price, known
}

// Age since the last Fill.
func (c *Cache) Age() time.Duration {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return time.Since(c.filled)
}
