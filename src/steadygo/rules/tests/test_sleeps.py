"""The test fails on a busy machine and wastes time on an idle one: it sleeps and hopes that the rest is done by then.

`time.Sleep` before an assertion guesses how long something takes. On a loaded CI runner the guess is too short and the pipeline turns red
for no reason, until people run it again without reading; everywhere else the test waits longer than it must.

Reported once for a package. A sleep in a loop that polls, in a stand-in that answers slowly, in a goroutine, of less than 5 ms, or in a
file that uses testing/synctest (where time is not real) is left out.

Fix: wait for the event: a channel, a WaitGroup, polling with a deadline, or `testing/synctest` (Go 1.25), where time stands still.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.facts.testfile import by_package, counted, others
from steadygo.facts.testing import survey
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for spots in by_package(survey(facts.go).sleeps):
        where = f" at {len(spots)} places" if len(spots) > 1 else ""
        yield Finding(
            f"{counted(spots, 'sleeps', 'sleep')} for a fixed time{where}, here {spots[0].note}",
            spots[0].at,
            others(spots),
            "Wait for the event itself, poll with a deadline, or run the test under testing/synctest.",
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("tests",),
    fails={
        **_MOD,
        "worker/worker_test.go": """package worker

import (
	"testing"
	"time"
)

func TestSends(t *testing.T) {
	start()
	time.Sleep(500 * time.Millisecond) // want
	if sent() == 0 {
		t.Error("nothing was sent")
	}
}

func TestSendsAgain(t *testing.T) {
	t.Run("twice", func(t *testing.T) {
		start()
		time.Sleep(time.Second)
	})
}
""",
    },
    passes=(
        {
            **_MOD,
            "worker/worker_test.go": """package worker

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestPolls(t *testing.T) {
	for i := 0; i < 100 && !sent(); i++ {
		time.Sleep(10 * time.Millisecond)
	}
}

func TestGivesUpOnASlowServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Second)
	}))
	defer server.Close()
	go func() {
		time.Sleep(time.Second)
	}()
	time.Sleep(time.Millisecond)
}
""",
        },
        {
            **_MOD,
            "worker/worker_test.go": """package worker

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
	})
}
""",
        },
        {**_MOD, "worker/worker.go": 'package worker\n\nimport "time"\n\nfunc Wait() { time.Sleep(time.Second) }\n'},
    ),
)
