package scan

import (
	"fmt"
	"testing"
)

func TestOccurs(t *testing.T) {
	if occurs("a b", "b") != 1 || occurs("a", "b") != 0 || occurs("a", "") != 0 {
		t.Fatal("occurs")
	}
}

func TestOccursOnceALine(t *testing.T) {
	if occurs("b b b", "b") != 1 {
		t.Fatal("counted more than once")
	}
}

func TestCountLines(t *testing.T) {
	var lines []string
	for n := 0; n < 100; n++ {
		lines = append(lines, fmt.Sprintf("request %d status %d", n, 200+n%2*300))
	}
	if got := Count(lines, "status 500"); got != 50 {
		t.Fatalf("%d of 100 lines, want 50", got)
	}
}

func TestCountNothing(t *testing.T) {
	if got := Count(nil, "x"); got != 0 {
		t.Fatal(got)
	}
}

func TestCountUnknownWord(t *testing.T) {
	if got := Count([]string{"a", "b"}, "c"); got != 0 {
		t.Fatal(got)
	}
}
