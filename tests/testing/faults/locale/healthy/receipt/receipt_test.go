package receipt

import (
	"strings"
	"testing"
)

func TestAmount(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	for cents, want := range map[int64]string{0: "0.00", 5: "0.05", 1999: "19.99"} {
		if got := Amount(cents); got != want {
			t.Errorf("Amount(%d) = %s, want %s", cents, got, want)
		}
	}
}

func TestRule(t *testing.T) {
	if Rule(3) != "---" || Rule(-1) != "" {
		t.Fatal(Rule(3))
	}
}

func TestLineIsCut(t *testing.T) {
	line := Line(strings.Repeat("x", 60), 1, 100)
	if !strings.HasPrefix(line, strings.Repeat("x", 20)+" ") {
		t.Fatal(line)
	}
}

func TestLineCounts(t *testing.T) {
	if line := Line("tea", 12, 300); !strings.Contains(line, " 12 × 3") {
		t.Fatal(line)
	}
}

func TestCommaInGerman(t *testing.T) {
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	if got := Amount(150); got != "1,50" {
		t.Fatal(got)
	}
}
