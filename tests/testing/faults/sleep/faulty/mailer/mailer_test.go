package mailer

import (
	"testing"
	"time"
)

func TestValid(t *testing.T) {
	if !Valid("a@b.example") || Valid("a@b") || Valid("@b.example") || Valid("a") {
		t.Fatal("valid")
	}
}

func TestNothingSent(t *testing.T) {
	if got := new(Mailer).Sent(); len(got) != 0 {
		t.Fatal(got)
	}
}

func TestWaitReturns(t *testing.T) { new(Mailer).Wait() }

func TestSendInBackground(t *testing.T) {
	m := &Mailer{delay: 10 * time.Millisecond}
	for n := 0; n < 20; n++ {
		m.Send("ada@example.org")
	}
	time.Sleep(m.delay + 300*time.Microsecond) // FAULT
	if got := m.Sent(); len(got) != 20 {
		t.Fatalf("%d of 20 were sent", len(got))
	}
}

func TestSentIsACopy(t *testing.T) {
	m := &Mailer{sent: []string{"a"}}
	m.Sent()[0] = "b"
	if m.sent[0] != "a" {
		t.Fatal("not a copy")
	}
}
