package config

import "testing"

func TestTruth(t *testing.T) {
	for text, want := range map[string]bool{"": false, "0": false, "Yes": true, "on": true} {
		if truth(text) != want {
			t.Errorf("%q", text)
		}
	}
}

func TestWorkers(t *testing.T) {
	t.Setenv("ORDERS_WORKERS", "9")
	if c, err := Load(); err != nil || c.Workers != 9 {
		t.Fatal(c, err)
	}
}

func TestBadWorkers(t *testing.T) {
	t.Setenv("ORDERS_WORKERS", "many")
	if _, err := Load(); err == nil {
		t.Fatal("no error")
	}
}

func TestDefaultBucket(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Bucket(); got != "orders-eu-central-1" {
		t.Fatal(got)
	}
}

func TestBucketOfRegion(t *testing.T) {
	if got := (Config{Region: "us-east-2"}).Bucket(); got != "orders-us-east-2" {
		t.Fatal(got)
	}
}

func TestDebug(t *testing.T) {
	t.Setenv("ORDERS_DEBUG", "true")
	if c, err := Load(); err != nil || !c.Debug {
		t.Fatal(c, err)
	}
}
