// Package stats counts what happens while requests are served.
package stats

import "sync"

// Counter counts by route.
type Counter struct {
	total  int
	mu     sync.Mutex
	routes map[string]int
}

// New makes an empty Counter.
func New() *Counter { return &Counter{routes: map[string]int{}} }

// Hit counts one request.
func (c *Counter) Hit(route string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.routes[route]++
	c.total++
}

// Total counts all requests.
func (c *Counter) Total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// Route counts those of one route.
func (c *Counter) Route(route string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.routes[route]
}

// Share of a route, 0 without requests.
func Share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
