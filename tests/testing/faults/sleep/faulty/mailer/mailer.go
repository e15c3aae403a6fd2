// Package mailer sends in the background.
package mailer

import (
	"strings"
	"sync"
	"time"
)

// Mailer keeps what was sent.
type Mailer struct {
	mu    sync.Mutex
	sent  []string
	delay time.Duration
	all   sync.WaitGroup
}

// Send delivers in the background.
func (m *Mailer) Send(to string) {
	m.all.Add(1)
	go func() {
		defer m.all.Done()
		time.Sleep(m.delay) // the other side takes its time
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sent = append(m.sent, to)
	}()
}

// Sent lists who got a mail.
func (m *Mailer) Sent() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.sent...)
}

// Wait returns when all is sent.
func (m *Mailer) Wait() { m.all.Wait() }

// Valid is a rough look at an address.
func Valid(address string) bool {
	name, host, found := strings.Cut(address, "@")
	return found && name != "" && strings.Contains(host, ".")
}
