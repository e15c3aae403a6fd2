package render

import (
	"errors"
	"testing"
)

func TestTotal(t *testing.T) {
	t.Parallel()
	if Total(1205) != "12.05" {
		t.Fatal(Total(1205))
	}
}

func TestInvoice(t *testing.T) {
	t.Parallel()
	got, err := Invoice([]string{"tea", "milk"}, Upper)
	if err != nil || got != "TEA\nMILK" {
		t.Fatal(got, err)
	}
}

func TestConverterFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Invoice(nil, func(string) (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Fatal(err)
	}
}

func TestLongInvoice(t *testing.T) {
	t.Parallel()
	var lines []string
	for n := 0; n < 500; n++ {
		lines = append(lines, "line")
	}
	got, err := Invoice(lines, Upper)
	if err != nil || len(got) != 500*5-1 {
		t.Fatal(len(got), err)
	}
}

func TestTotalOfNothing(t *testing.T) {
	t.Parallel()
	if Total(0) != "0.00" {
		t.Fatal(Total(0))
	}
}
