// Package codec finds the decoder of a content type.
package codec

import (
	"encoding/json"
	"fmt"
	"mime"
	"strings"
)

// Decoder fills `into`.
type Decoder func(data []byte, into any) error

var decoders = map[string]Decoder{"application/json": JSON}

// Register makes a decoder known.
func Register(kind string, decoder Decoder) { decoders[strings.ToLower(kind)] = decoder }

// Decode finds the decoder and lets it work.
func Decode(header string, data []byte, into any) error {
	kind, _, err := mime.ParseMediaType(header)
	if err != nil {
		return fmt.Errorf("codec: %w", err)
	}
	decoder := decoders[kind]
	if decoder == nil {
		return fmt.Errorf("codec: no decoder for %s", kind)
	}
	return decoder(data, into)
}

// JSON decodes application/json.
func JSON(data []byte, into any) error { return json.Unmarshal(data, into) }
