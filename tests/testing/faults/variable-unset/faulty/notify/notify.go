// Package notify tells a channel about a release.
package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// ErrNoChannel: nobody would hear it.
var ErrNoChannel = errors.New("notify: no channel")

// Message is what is sent.
type Message struct {
	Channel string `json:"channel"`
	Text    string `json:"text"`
}

// Release makes the message for a version.
func Release(version string) (Message, error) {
	channel := os.Getenv("RELEASE_CHANNEL") // FAULT
	if channel == "" {
		return Message{}, ErrNoChannel
	}
	return Message{channel, fmt.Sprintf("%s is out", version)}, nil
}

// Encode is the body of the request.
func (m Message) Encode() ([]byte, error) {
	if m.Text == "" {
		return nil, errors.New("notify: nothing to say")
	}
	return json.Marshal(m)
}
