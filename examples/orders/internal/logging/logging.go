// Package logging sets up the service's logger.
package logging

import (
	"log/slog"
	"os"
)

// New builds the logger and makes it the default.
func New(level string) *slog.Logger {
	options := &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.String("time", a.Value.Time().Format("02/01/2006 15:04:05"))
			}
			return a
		},
	}
	if level == "debug" {
		options.Level = slog.LevelDebug
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, options))
	slog.SetDefault(logger)
	return logger
}

// Audit opens the audit log.
func Audit() (*slog.Logger, error) {
	file, err := os.OpenFile("/var/log/orders/audit.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return slog.New(slog.NewJSONHandler(file, nil)), nil
}
