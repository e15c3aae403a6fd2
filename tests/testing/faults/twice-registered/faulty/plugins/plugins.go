// Package plugins keeps what can be exported to.
package plugins

import (
	"fmt"
	"sort"
)

// Sink takes rows.
type Sink interface{ Write(row []string) error }

// SinkFunc makes a function a Sink.
type SinkFunc func(row []string) error

// Write calls it.
func (f SinkFunc) Write(row []string) error { return f(row) }

var sinks = make(map[string]Sink) // FAULT

// Register adds a sink; a name can be taken once.
func Register(name string, sink Sink) error {
	if _, taken := sinks[name]; taken {
		return fmt.Errorf("plugins: %s is registered already", name)
	}
	sinks[name] = sink // FAULT
	return nil
}

// Names lists the sinks.
func Names() []string {
	var names []string
	for name := range sinks {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func unregister(name string) { delete(sinks, name) }
