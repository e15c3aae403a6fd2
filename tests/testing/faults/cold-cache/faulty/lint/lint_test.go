package lint

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestPublic(t *testing.T) {
	if !Public("net/http") || Public("a/internal/b") || Public("main") {
		t.Fatal("public")
	}
}

func TestNoPackages(t *testing.T) {
	if got, err := Exports(context.Background()); err != nil || got != nil {
		t.Fatal(got, err)
	}
}

func TestExports(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond) // FAULT
	defer cancel()
	got, err := Exports(ctx, "encoding/json") // FAULT
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Exports(ctx, "fmt"); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
}

func TestVendorIsNotPublic(t *testing.T) {
	if Public("vendor/x") {
		t.Fatal("public")
	}
}
