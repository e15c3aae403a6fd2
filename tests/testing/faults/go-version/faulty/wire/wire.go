// Package wire writes events that other languages read.
package wire

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Event is one line of the stream.
type Event struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// Line is the event as one line.
func Line(e Event) (string, error) {
	if e.Kind == "" {
		return "", fmt.Errorf("wire: an event needs a kind")
	}
	data, err := json.Marshal(e)
	return string(data), err
}

// Parse reads a line.
func Parse(line string) (Event, error) {
	var e Event
	err := json.Unmarshal([]byte(strings.TrimSpace(line)), &e)
	return e, err
}
