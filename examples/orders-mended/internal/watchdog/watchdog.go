// Package watchdog tells systemd that the service is well, and only then.
package watchdog

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

const (
	checkTimeout = 200 * time.Millisecond
	maxFailures  = 2
)

// Ready tells systemd that the service has started.
func Ready() error { return notify(daemon.SdNotifyReady) }

// Stopping tells systemd that the service has begun to stop.
func Stopping() error { return notify(daemon.SdNotifyStopping) }

func notify(state string) error {
	if _, err := daemon.SdNotify(false, state); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}

// Run feeds the unit's watchdog three times in its period until ctx ends. After two failed checks in a row it stops, and
// systemd restarts the service. Without a watchdog it returns at once.
func Run(ctx context.Context, check func(ctx context.Context) error) error {
	period, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("read watchdog period: %w", err)
	}
	if period == 0 {
		return nil
	}
	return feed(ctx, period/3, check, func() error { return notify(daemon.SdNotifyWatchdog) })
}

func feed(ctx context.Context, every time.Duration, check func(ctx context.Context) error, beat func() error) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := checked(ctx, check); err != nil {
				if failures++; failures >= maxFailures {
					return fmt.Errorf("watchdog is not fed any more: %w", err)
				}
				slog.WarnContext(ctx, "health check failed", "err", err)
			} else {
				failures = 0
			}
			if err := beat(); err != nil {
				return err
			}
		}
	}
}

func checked(ctx context.Context, check func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return check(ctx)
}
