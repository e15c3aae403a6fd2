package billing

import (
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestLabel(t *testing.T) {
	if got := Label(42, "2026-03"); got != "INV-2026-03-00042" {
		t.Fatal(got)
	}
}

func TestMonthInTheMiddle(t *testing.T) {
	if got := Month(at(t, "2026-03-15T12:00:00Z")); got != "2026-03" {
		t.Fatal(got)
	}
}

func TestMonthAtItsEnd(t *testing.T) {
	for moment, want := range map[string]string{"2026-03-31T22:30:00Z": "2026-03", "2026-04-01T00:30:00Z": "2026-04"} {
		if got := Month(at(t, moment)); got != want {
			t.Errorf("%s is billed in %s, want %s", moment, got, want)
		}
	}
}

func TestDue(t *testing.T) {
	if got := Due(at(t, "2026-02-20T10:00:00+02:00"), 14); got != "2026-03-06" {
		t.Fatal(got)
	}
}

func TestDueAtOnce(t *testing.T) {
	if got := Due(at(t, "2026-02-20T10:00:00Z"), 0); got != "2026-02-20" {
		t.Fatal(got)
	}
}
