// Package logging sets up the service's logger: JSON on stdout, a trace id on every record that has one.
package logging

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

type traceKey struct{}

// WithTrace keeps the trace id of a W3C traceparent header in the context.
func WithTrace(ctx context.Context, traceparent string) context.Context {
	if parts := strings.Split(traceparent, "-"); len(parts) == 4 && len(parts[1]) == 32 {
		return context.WithValue(ctx, traceKey{}, parts[1])
	}
	return ctx
}

type tracing struct{ slog.Handler }

func (t tracing) Handle(ctx context.Context, record slog.Record) error {
	if id, ok := ctx.Value(traceKey{}).(string); ok {
		record.AddAttrs(slog.String("trace_id", id))
	}
	return t.Handler.Handle(ctx, record)
}

func (t tracing) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tracing{t.Handler.WithAttrs(attrs)}
}

func (t tracing) WithGroup(name string) slog.Handler { return tracing{t.Handler.WithGroup(name)} }

// New builds the logger. A level that is not known counts as info.
func New(out io.Writer, level string) *slog.Logger {
	var at slog.Level
	if err := at.UnmarshalText([]byte(level)); err != nil {
		at = slog.LevelInfo
	}
	return slog.New(tracing{slog.NewJSONHandler(out, &slog.HandlerOptions{Level: at})})
}
