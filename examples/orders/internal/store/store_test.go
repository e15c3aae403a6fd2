package store

import (
	"context"
	"fmt"
	"math/rand"
	"testing"
	"time"
)

func openTestStore(t *testing.T) *Store {
	s, err := Open("sqlite", "file:/tmp/orders-test.db?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCreateAndFind(t *testing.T) {
	s := openTestStore(t)
	id := fmt.Sprintf("o-%d", rand.Int63())
	created := time.Now().Truncate(time.Second)
	if err := s.Create(context.Background(), Order{ID: id, CustomerID: "c-1", SKU: "lamp", Quantity: 1, Cents: 1999, Status: "new", CreatedAt: created}); err != nil {
		t.Fatal(err)
	}
	found, err := s.Find(context.Background(), id)
	if err != nil || found == nil {
		t.Fatalf("found %v, %v", found, err)
	}
	if found.CreatedAt.Local().Format("2006-01-02") != time.Now().Format("2006-01-02") {
		t.Errorf("created on %s", found.CreatedAt)
	}
}

func TestPending(t *testing.T) {
	s := openTestStore(t)
	events, err := s.Pending(context.Background(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) == 0 {
		t.Error("nothing is pending")
	}
}

func TestLeaseIsExclusive(t *testing.T) {
	s := openTestStore(t)
	name := fmt.Sprintf("outbox-%d", rand.Int63())
	if ok, err := s.AcquireLease(context.Background(), name, "a"); err != nil || !ok {
		t.Fatalf("a: %v, %v", ok, err)
	}
	time.Sleep(50 * time.Millisecond)
	if ok, _ := s.AcquireLease(context.Background(), name, "b"); ok {
		t.Error("b got the lease of a")
	}
}
