package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/store"
)

func newServer(t *testing.T) *httptest.Server {
	s, err := store.Open("sqlite", "file:"+t.TempDir()+"/orders.db")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(New(s, nil, nil).Routes())
	t.Cleanup(server.Close)
	return server
}

func TestCreateOrder(t *testing.T) {
	server := newServer(t)
	resp, err := http.Post(server.URL+"/orders", "application/json",
		strings.NewReader(`{"customer_id":"c-1","sku":"lamp","quantity":2,"cents":3998}`))
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("status is %d", resp.StatusCode)
	}
	time.Sleep(100 * time.Millisecond)
}

func TestRefusesTooMany(t *testing.T) {
	config.Current.MaxQuantity = 10
	server := newServer(t)
	resp, err := http.Post(server.URL+"/orders", "application/json",
		strings.NewReader(`{"customer_id":"c-1","sku":"lamp","quantity":11,"cents":3998}`))
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status is %d", resp.StatusCode)
	}
}
