package cache

import (
	"sync"
	"testing"
	"time"
)

func TestUnknownArticle(t *testing.T) {
	if _, known := New().Price("tea"); known {
		t.Fatal("known")
	}
}

func TestFill(t *testing.T) {
	c := New()
	c.Fill(map[string]int{"tea": 300})
	if price, known := c.Price("tea"); !known || price != 300 {
		t.Fatal(price)
	}
}

func TestAge(t *testing.T) {
	c := New()
	c.Fill(nil)
	if c.Age() > time.Minute {
		t.Fatal(c.Age())
	}
}

func TestReadersDoNotWait(t *testing.T) {
	c := New()
	c.Fill(map[string]int{"milk": 120})
	var all sync.WaitGroup
	for reader := 0; reader < 4; reader++ {
		all.Add(1)
		go func() {
			defer all.Done()
			c.Fill(map[string]int{"milk": 120})
			if price, _ := c.Price("milk"); price != 120 || c.Age() < 0 {
				t.Error(price)
			}
		}()
	}
	all.Wait()
}

func TestFillAddsUp(t *testing.T) {
	c := New()
	c.Fill(map[string]int{"a": 1})
	c.Fill(map[string]int{"b": 2})
	if _, known := c.Price("a"); !known {
		t.Fatal("forgotten")
	}
}
