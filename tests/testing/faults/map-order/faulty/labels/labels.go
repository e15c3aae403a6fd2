// Package labels writes a set of labels as a monitoring system reads it.
package labels

import (
	"fmt"
	"strings"
)

// Text is {a="1",b="2"}.
func Text(labels map[string]string) string {
	var parts []string
	for name, value := range labels { // FAULT
		parts = append(parts, fmt.Sprintf("%s=%q", name, value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Valid tells whether a name can be used.
func Valid(name string) bool {
	for at, letter := range name {
		ok := letter == '_' || letter >= 'a' && letter <= 'z' || letter >= 'A' && letter <= 'Z' || at > 0 && letter >= '0' && letter <= '9'
		if !ok {
			return false
		}
	}
	return name != ""
}

// Merge takes the second where both have a name.
func Merge(one, other map[string]string) map[string]string {
	merged := make(map[string]string, len(one)+len(other))
	for name, value := range one {
		merged[name] = value
	}
	for name, value := range other {
		merged[name] = value
	}
	return merged
}
