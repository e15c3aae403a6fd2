// Package envelope is the frame that every event between our services travels in.
package envelope

import (
	"encoding/json"
	"time"
)

// Envelope carries one event.
type Envelope struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	OccurredAt time.Time       `json:"occurred_at"`
	Payload    json.RawMessage `json:"payload"`
}

// Wrap puts payload into an envelope.
func Wrap(id, kind string, payload any) (Envelope, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return Envelope{}, err
	}
	return Envelope{ID: id, Type: kind, OccurredAt: time.Now().UTC(), Payload: raw}, nil
}
