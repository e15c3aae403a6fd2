// Package stamps marks orders with the second in which they came.
package stamps

import (
	"errors"
	"strings"
	"time"
)

// Stamp is the moment as text, to the second.
func Stamp(at time.Time) string { return at.UTC().Format("20060102T150405") }

// Order was stamped when it came.
type Order struct{ ID, Stamp string }

// Take stamps an order.
func Take(id string) (Order, error) {
	if strings.TrimSpace(id) == "" {
		return Order{}, errors.New("stamps: an order needs an id")
	}
	time.Sleep(150 * time.Millisecond)       // it is written to the journal
	return Order{id, Stamp(time.Now())}, nil // FAULT
}

// Day of a stamp.
func Day(stamp string) string { day, _, _ := strings.Cut(stamp, "T"); return day }
