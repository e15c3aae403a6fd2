package wire

import "testing"

func TestKindIsNeeded(t *testing.T) {
	if _, err := Line(Event{}); err == nil {
		t.Fatal("no error")
	}
}

func TestLine(t *testing.T) {
	got, err := Line(Event{"paid", "order 7"})
	if err != nil || got != `{"kind":"paid","text":"order 7"}` {
		t.Fatal(got, err)
	}
}

func TestControlCharactersAreEscaped(t *testing.T) {
	got, err := Line(Event{"note", "a\fb"})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := Parse(got); err != nil || e.Text != "a\fb" {
		t.Fatal(got, err)
	}
}

func TestParse(t *testing.T) {
	e, err := Parse(` {"kind":"paid"} `)
	if err != nil || e.Kind != "paid" {
		t.Fatal(e, err)
	}
}

func TestParseHalf(t *testing.T) {
	if _, err := Parse(`{"kind":`); err == nil {
		t.Fatal("no error")
	}
}
