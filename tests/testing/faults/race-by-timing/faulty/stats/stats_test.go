package stats

import (
	"sync"
	"testing"
)

func TestShare(t *testing.T) {
	if Share(1, 4) != 0.25 || Share(0, 0) != 0 {
		t.Fatal("share")
	}
}

func TestOneHit(t *testing.T) {
	c := New()
	c.Hit("/")
	if c.Total() != 1 || c.Route("/") != 1 {
		t.Fatal(c.Total())
	}
}

func TestUnknownRoute(t *testing.T) {
	if New().Route("/none") != 0 {
		t.Fatal("hits from nowhere")
	}
}

func TestConcurrentHits(t *testing.T) {
	c := New()
	var all sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := 0; n < 900; n++ {
				c.Hit("/orders")
			}
		}()
	}
	all.Wait()
	if c.Total() != 3600 {
		t.Fatalf("%d of 3600 hits were counted", c.Total())
	}
}

func TestRoutesAreApart(t *testing.T) {
	c := New()
	c.Hit("/a")
	c.Hit("/b")
	if c.Route("/a") != 1 {
		t.Fatal(c.Route("/a"))
	}
}
