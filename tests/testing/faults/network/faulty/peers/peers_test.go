package peers

import (
	"net"
	"testing"
)

func TestAdvertise(t *testing.T) {
	got, err := Advertise(net.IPv4(10, 0, 0, 1), 7946)
	if err != nil || got != "10.0.0.1:7946" {
		t.Fatal(got, err)
	}
}

func TestAdvertiseSix(t *testing.T) {
	got, err := Advertise(net.ParseIP("fd00::1"), 80)
	if err != nil || got != "[fd00::1]:80" {
		t.Fatal(got, err)
	}
}

func TestBadPort(t *testing.T) {
	if _, err := Advertise(net.IPv4zero, 0); err == nil {
		t.Fatal("no error")
	}
}

func TestOwnAddress(t *testing.T) {
	ip, err := Outward()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Advertise(ip, 7946); err != nil {
		t.Fatal(err)
	}
}

func TestNoAddress(t *testing.T) {
	if _, err := Advertise(nil, 80); err == nil {
		t.Fatal("no error")
	}
}
