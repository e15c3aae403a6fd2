// Package heartbeat counts signs of life.
package heartbeat

import (
	"sync/atomic"
	"time"
)

var beats atomic.Int64

// Beat counts one.
func Beat() { beats.Add(1) }

// Count since the last Reset.
func Count() int64 { return beats.Load() }

// Reset starts anew.
func Reset() { beats.Store(0) }

// Every beats until the returned function is called.
func Every(interval time.Duration) (stop func()) {
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				Beat()
			}
		}
	}()
	return func() { close(done); <-ended }
}
