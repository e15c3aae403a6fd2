package heartbeat

import (
	"testing"
	"time"
)

func TestBeat(t *testing.T) {
	before := Count()
	Beat()
	if Count() <= before {
		t.Fatal(Count())
	}
}

func TestReset(t *testing.T) {
	Beat()
	Reset()
	if Count() > 1 {
		t.Fatal(Count())
	}
}

func TestEveryBeats(t *testing.T) {
	before := Count()
	Every(time.Millisecond) // FAULT
	deadline := time.Now().Add(5 * time.Second)
	for Count() < before+2 {
		if time.Now().After(deadline) {
			t.Fatal("no beats")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestStopEnds(t *testing.T) {
	stop := Every(time.Hour)
	stop()
}

func TestSilenceIsSeen(t *testing.T) {
	Reset()
	time.Sleep(25 * time.Millisecond)
	if n := Count(); n != 0 {
		t.Fatalf("%d beats in silence", n)
	}
}
