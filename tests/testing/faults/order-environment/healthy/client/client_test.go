package client

import (
	"testing"
	"time"
)

func TestItem(t *testing.T) {
	t.Setenv("WAREHOUSE_URL", "")
	t.Setenv("WAREHOUSE_TIMEOUT", "")
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Item("A-7"); got != "https://warehouse.internal/items/A-7" {
		t.Fatal(got)
	}
}

func TestItemEscapes(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Item("A 7"); got[len(got)-5:] != "A%207" {
		t.Fatal(got)
	}
}

func TestTimeoutFromEnvironment(t *testing.T) {
	t.Setenv("WAREHOUSE_TIMEOUT", "250ms")
	c, err := New()
	if err != nil || c.timeout != 250*time.Millisecond {
		t.Fatal(c, err)
	}
}

func TestTimeoutNonsense(t *testing.T) {
	t.Setenv("WAREHOUSE_TIMEOUT", "soon")
	if _, err := New(); err == nil {
		t.Fatal("no error")
	}
}

func TestAddressFromEnvironment(t *testing.T) {
	t.Setenv("WAREHOUSE_URL", "http://localhost:9000/v2")
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Item("B"); got != "http://localhost:9000/v2/items/B" {
		t.Fatal(got)
	}
}

func TestStandardTimeout(t *testing.T) {
	c, err := New()
	if err != nil || c.timeout != 5*time.Second {
		t.Fatal(c, err)
	}
}
