// Package audit collects what users did until it is flushed.
package audit

import (
	"errors"
	"sort"
)

// Entry is one deed.
type Entry struct{ User, What string }

var pending []Entry // FAULT

// Add keeps an entry for the next flush.
func Add(user, what string) error {
	if user == "" {
		return errors.New("audit: nobody")
	}
	pending = append(pending, Entry{user, what}) // FAULT
	return nil
}

// Flush hands over everything, sorted by user.
func Flush(write func(Entry)) int {
	sort.SliceStable(pending, func(a, b int) bool { return pending[a].User < pending[b].User })
	for _, entry := range pending {
		write(entry)
	}
	count := len(pending)
	pending = nil
	return count
}

// Pending counts entries.
func Pending() int { return len(pending) } // FAULT
