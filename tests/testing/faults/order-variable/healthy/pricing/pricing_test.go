package pricing

import "testing"

func TestGross(t *testing.T) {
	for _, c := range []struct{ net, percent, want int64 }{{1000, 19, 1190}, {1, 50, 2}, {0, 19, 0}} {
		if got := Gross(c.net, c.percent); got != c.want {
			t.Errorf("Gross(%d, %d) = %d, want %d", c.net, c.percent, got, c.want)
		}
	}
}

func TestFormatDefault(t *testing.T) {
	if got := Format(1999, ""); got != "€ 19.99" {
		t.Fatalf("got %q", got)
	}
}

func TestFormatLowerCase(t *testing.T) {
	if got := Format(5, "usd"); got != "$ 0.05" {
		t.Fatalf("got %q", got)
	}
}

func TestFormatUnknown(t *testing.T) {
	if got := Format(100, "XTS"); got != "XTS 1.00" {
		t.Fatalf("got %q", got)
	}
}

func TestConfigureRefusesNonsense(t *testing.T) {
	if Configure(map[string]string{"currency": "francs"}) == nil {
		t.Fatal("no error")
	}
}

func TestConfigureKeepsWhatIsNotGiven(t *testing.T) {
	before := Currency
	if err := Configure(map[string]string{"timeout": "3s"}); err != nil || Currency != before {
		t.Fatal(err, Currency)
	}
}

func TestConfigureSwissShop(t *testing.T) {
	before := Currency
	t.Cleanup(func() { Currency = before })
	if err := Configure(map[string]string{"currency": "CHF"}); err != nil {
		t.Fatal(err)
	}
	if got := Format(250, ""); got != "Fr. 2.50" {
		t.Fatalf("got %q", got)
	}
}

func TestSymbols(t *testing.T) {
	if len(symbols) != 3 {
		t.Fatal(len(symbols))
	}
}
