// Package access asks who may do what.
package access

import (
	"errors"
	"strings"
	"time"
)

// ErrDenied: the role may not.
var ErrDenied = errors.New("access: denied")

var current string // FAULT

// As sets the role of what follows.
func As(role string) { current = strings.ToLower(role) } // FAULT

// Check asks whether the current role may do something.
func Check(action string) error {
	time.Sleep(2 * time.Millisecond)                             // the policy is looked up
	if current == "admin" || action == "read" && current != "" { // FAULT
		return nil
	}
	return ErrDenied
}
