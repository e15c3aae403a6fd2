"""A failure of this test cannot be repeated: it draws random numbers and keeps no seed.

Since Go 1.20 the functions of math/rand begin with a new seed in every process, those of math/rand/v2 always did, and
`rand.NewSource(time.Now().UnixNano())` does the same by hand. When such a test fails once in a hundred runs, nobody can run that case
again.

Reported once for a package. Not counted: a seed that the test logs, numbers from crypto/rand, and modules whose go line is below 1.20,
where the top-level functions give the same numbers in each run.

Fix: draw from `rand.New(rand.NewSource(seed))` with a fixed seed, or log the seed when the test fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.facts.testfile import by_package, counted, others
from steadygo.facts.testing import survey
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for spots in by_package(survey(facts.go).draws):
        yield Finding(
            f"{counted(spots, 'draws', 'draw')} random numbers without a seed that is kept, here with {spots[0].note}",
            spots[0].at,
            others(spots),
            "Draw from rand.New(rand.NewSource(seed)) and keep the seed fixed, or log it.",
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_TEST = """package store

import (
	"math/rand"
	"testing"
)

func TestCreate(t *testing.T) {
	create(rand.Int63()) // want
	create(rand.Int63())
}
"""

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("tests",),
    fails=(
        {**_MOD, "store/store_test.go": _TEST},
        {
            **_MOD,
            "store/store_test.go": """package store

import (
	"math/rand"
	"testing"
	"time"
)

func TestCreate(t *testing.T) {
	r := rand.New(rand.NewSource(time.Now().UnixNano())) // want
	create(r.Int63())
}
""",
        },
    ),
    passes=(
        {"go.mod": "module example.com/orders\n\ngo 1.19\n", "store/store_test.go": _TEST.replace(" // want", "")},
        {
            **_MOD,
            "store/store_test.go": """package store

import (
	"crypto/rand"
	mrand "math/rand"
	"testing"
	"time"
)

func TestCreate(t *testing.T) {
	r := mrand.New(mrand.NewSource(7))
	create(r.Int63())
	rand.Read(make([]byte, 8))
}

func TestAny(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	create(mrand.New(mrand.NewSource(time.Now().UnixNano())).Int63())
}
""",
        },
        {**_MOD, "store/store.go": 'package store\n\nimport "math/rand"\n\nfunc Jitter() int { return rand.Intn(10) }\n'},
    ),
)
