"""The test fails in another time zone or around midnight: its expectation is taken from the machine's own clock and zone.

CI runs in UTC, the developer's machine elsewhere: a text made from `t.Local()` or `time.Unix(…)` differs between them. A day taken from
`time.Now()` in the test differs from the one taken in the code when midnight lies between the two, which happens to nightly builds.

Reported once for a package. Only expressions that are compared or asserted count; times of day, `UTC()` and `In(zone)` are fine.

Fix: use fixed times in UTC (`time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)`) and hand the clock to the code under test.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.facts.testfile import by_package, counted, others
from steadygo.facts.testing import survey
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for spots in by_package(survey(facts.go).local_times):
        midnight = [s for s in spots if s.kind == "midnight"]
        why = "on the machine's time zone" if len(midnight) < len(spots) else "on midnight not passing meanwhile"
        yield Finding(
            f"{counted(spots, 'depends', 'depend')} {why}, here {spots[0].note}",
            spots[0].at,
            others(spots),
            "Compare fixed times in UTC, and hand the clock to the code under test.",
            severity=None if midnight else Severity.NOTE,
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("tests",),
    fails=(
        {
            **_MOD,
            "store/store_test.go": """package store

import (
	"testing"
	"time"
)

func TestFind(t *testing.T) {
	if found().CreatedAt.Local().Format("2006-01-02") != time.Now().Format("2006-01-02") { // want
		t.Error("created on another day")
	}
}
""",
        },
        {
            **_MOD,
            "store/store_test.go": """package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestShows(t *testing.T) {
	assert.Equal(t, "1970-01-01T00:00:10Z", time.Unix(10, 0).Format(time.RFC3339)) // want
}
""",
        },
    ),
    passes=(
        {
            **_MOD,
            "store/store_test.go": """package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestShows(t *testing.T) {
	assert.Equal(t, "1970-01-01T00:00:10Z", time.Unix(10, 0).UTC().Format(time.RFC3339))
	name := "orders-" + time.Now().Format("150405")
	save(name, time.Now().Year(), time.Now().Local())
	if found().After(time.Now()) {
		t.Error("in the future")
	}
	t.Log(time.Now().Format("2006-01-02"))
}
""",
        },
    ),
)
