package queue

import (
	"strings"
	"testing"
)

func TestNewIsEmpty(t *testing.T) {
	if w := New(2); w.Waiting() != 0 || cap(w.Jobs) != 2 {
		t.Fatal(w.Waiting())
	}
}

func TestWaiting(t *testing.T) {
	w := New(3)
	w.Jobs <- "a"
	w.Jobs <- "b"
	if w.Waiting() != 2 {
		t.Fatal(w.Waiting())
	}
}

func TestStopWithoutJobs(t *testing.T) {
	w := New(1)
	w.Stop()
	w.Run()
	if len(w.Done) != 0 {
		t.Fatal(w.Done)
	}
}

func TestWaitingJobsAreDone(t *testing.T) {
	w := New(2)
	w.Jobs <- "a"
	w.Jobs <- "b"
	w.Stop()
	w.Run()
	if got := strings.Join(w.Done, ","); got != "a,b" {
		t.Fatalf("done: %q", got)
	}
}

func TestRoom(t *testing.T) {
	w := New(0)
	select {
	case w.Jobs <- "x":
		t.Fatal("there is room")
	default:
	}
}
