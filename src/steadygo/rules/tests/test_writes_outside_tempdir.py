"""Tests leave files on every machine that runs them, and stumble over those of the run before or of another user.

A fixed path such as `/tmp/orders-test.db` is shared by all jobs of a CI machine: two of them write it at once, or the second user may not
open the first one's file. A path in the source tree makes the checkout dirty: version stamps say *modified*, and the next commit may
take the file along.

Reported once for a package. Not counted: files that the same test removes, golden files behind a switch such as `-update`, tests that
change to another directory first, and paths that are not constant.

Fix: write below `t.TempDir()`, which is the test's own and is removed with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.facts.testfile import Spot, by_package, counted, others
from steadygo.facts.testing import survey
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    found = survey(facts.go)
    written = [*found.files, *(s for s in found.databases if s.kind == "file")]
    for spots in by_package(written):
        outside = any(_is_outside(s) for s in spots)
        where = "outside of its own directory" if outside else "into the source tree"
        yield Finding(
            f"{counted(spots, 'writes', 'write')} {where} and {'leaves' if _alone(spots) else 'leave'} it there: {spots[0].note}",
            spots[0].at,
            others(spots),
            "Write below t.TempDir().",
            severity=None if outside else Severity.NOTE,
        )


def _is_outside(spot: Spot) -> bool:
    return spot.note.startswith(("/", "$TMPDIR"))


def _alone(spots: list[Spot]) -> bool:
    return len({(s.at.path, s.function) for s in spots}) == 1


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
            "export/export_test.go": """package export

import (
	"os"
	"path/filepath"
	"testing"
)

func TestExport(t *testing.T) {
	os.WriteFile("/tmp/export.csv", nil, 0o644) // want
	os.MkdirAll(filepath.Join(os.TempDir(), "orders"), 0o755)
}
""",
        },
        {
            **_MOD,
            "export/export_test.go": """package export

import (
	"os"
	"testing"
)

func TestExport(t *testing.T) {
	f, _ := os.Create("out.csv") // want
	f.Close()
}
""",
        },
    ),
    passes=(
        {
            **_MOD,
            "export/export_test.go": """package export

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "")

func TestExport(t *testing.T) {
	os.WriteFile(filepath.Join(t.TempDir(), "export.csv"), nil, 0o644)
	os.OpenFile("testdata/in.csv", os.O_RDONLY, 0)
	os.OpenFile("/dev/null", os.O_WRONLY, 0)
	if *update {
		os.WriteFile("testdata/golden.csv", nil, 0o644)
	}
}

func TestRemoves(t *testing.T) {
	os.WriteFile("out.csv", nil, 0o644)
	defer os.Remove("out.csv")
}

func TestMain(m *testing.M) {
	os.Mkdir("/tmp/orders", 0o755)
	os.Exit(m.Run())
}
""",
        },
    ),
)
