package shuffle

import (
	"math/rand"
	"testing"
)

func TestPickFromNothing(t *testing.T) {
	if Pick(rand.New(rand.NewSource(1)), nil) != "" {
		t.Fatal("picked")
	}
}

func TestPickTheOnly(t *testing.T) {
	if Pick(rand.New(rand.NewSource(1)), []string{"a"}) != "a" {
		t.Fatal("not a")
	}
}

func TestBothVariantsAreSeen(t *testing.T) {
	seen, from := map[string]int{}, rand.New(rand.NewSource(1))
	for n := 0; n < 200; n++ {
		seen[Pick(from, Percent(10))]++
	}
	if seen["on"] == 0 || seen["off"] == 0 {
		t.Fatal(seen)
	}
}

func TestSticky(t *testing.T) {
	if one := Sticky("ada", Percent(50)); one != Sticky("ada", Percent(50)) {
		t.Fatal(one)
	}
}

func TestPercent(t *testing.T) {
	on := 0
	for _, place := range Percent(30) {
		if place == "on" {
			on++
		}
	}
	if on != 30 {
		t.Fatal(on)
	}
}
