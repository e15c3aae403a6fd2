package search

import (
	"context"
	"fmt"
	"testing"
)

func TestNothing(t *testing.T) {
	if got, err := Rank(context.Background(), "tea", nil); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
}

func TestSameComesFirst(t *testing.T) {
	got, err := Rank(context.Background(), "tea", []string{"milk", "tea", "sugar"})
	if err != nil || got[0] != "tea" {
		t.Fatal(got, err)
	}
}

func TestGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Rank(ctx, "tea", []string{"milk"}); err == nil {
		t.Fatal("no error")
	}
}

func TestRanksCatalogueInTime(t *testing.T) {
	var documents []string
	for n := 0; n < 3000; n++ {
		documents = append(documents, fmt.Sprintf("article %d", n))
	}
	if _, err := Rank(context.Background(), "article 17", documents); err != nil {
		t.Fatal(err)
	}
}

func TestDistance(t *testing.T) {
	if distance("a", "a") != 0 || distance("a", "b") == 0 {
		t.Fatal("distance")
	}
}
