package plugins

import (
	"sort"
	"testing"
)

func discard([]string) error { return nil }

func TestSinkFunc(t *testing.T) {
	if err := SinkFunc(discard).Write(nil); err != nil {
		t.Fatal(err)
	}
}

func TestRegisterCSV(t *testing.T) {
	if err := Register("csv", SinkFunc(discard)); err != nil { // FAULT
		t.Fatal(err)
	}
}

func TestNamesAreSorted(t *testing.T) {
	if names := Names(); !sort.StringsAreSorted(names) {
		t.Fatal(names)
	}
}

func TestTakenNameIsRefused(t *testing.T) {
	if err := Register("parquet", SinkFunc(discard)); err != nil {
		t.Fatal(err)
	}
	defer unregister("parquet")
	if Register("parquet", SinkFunc(discard)) == nil {
		t.Fatal("registered twice")
	}
}

func TestUnregister(t *testing.T) {
	unregister("never there")
}
