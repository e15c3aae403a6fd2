package stamps

import (
	"testing"
	"time"
)

func TestStamp(t *testing.T) {
	if got := Stamp(time.Unix(0, 0)); got != "19700101T000000" {
		t.Fatal(got)
	}
}

func TestDay(t *testing.T) {
	if Day("20260301T120000") != "20260301" {
		t.Fatal(Day("20260301T120000"))
	}
}

func TestIDIsNeeded(t *testing.T) {
	if _, err := Take(" "); err == nil {
		t.Fatal("no error")
	}
}

func TestTakeStampsNow(t *testing.T) {
	before := Stamp(time.Now())
	got, err := Take("A-1")
	if err != nil || got.Stamp < before || got.Stamp > Stamp(time.Now()) {
		t.Fatal(got, before, err)
	}
}

func TestDayOfNothing(t *testing.T) {
	if Day("") != "" {
		t.Fatal(Day(""))
	}
}
