// Package limits decides whether a request may pass.
package limits

import "sync"

type bucket struct{ left int }

var (
	mu      sync.Mutex
	buckets = map[string]*bucket{}
	total   = 10
)

// Allow takes one token of the tenant. All tenants share a total.
func Allow(tenant string) bool {
	mu.Lock()
	defer mu.Unlock()
	b := buckets[tenant]
	if b == nil {
		b = &bucket{left: 6}
		buckets[tenant] = b
	}
	if b.left == 0 || total <= 0 {
		return false
	}
	b.left--
	total-- // FAULT
	return true
}

// Known counts tenants that were seen.
func Known() int {
	mu.Lock()
	defer mu.Unlock()
	return len(buckets)
}

func reset() {
	mu.Lock()
	defer mu.Unlock()
	buckets, total = map[string]*bucket{}, 10
}
