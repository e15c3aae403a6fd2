package watchdog

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStopsFeedingAfterTwoFailuresInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []error{nil, errors.New("slow"), nil, errors.New("slow"), errors.New("dead")}
		beats := 0
		err := feed(t.Context(), time.Second,
			func(context.Context) error { next := answers[0]; answers = answers[1:]; return next },
			func() error { beats++; return nil })
		if err == nil || beats != 4 {
			t.Errorf("%d beats, %v", beats, err)
		}
	})
}

func TestReturnsWithoutWatchdog(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	if err := Run(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}
