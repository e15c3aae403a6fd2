package notify

import (
	"errors"
	"testing"
)

func TestEncode(t *testing.T) {
	body, err := Message{"#ops", "hi"}.Encode()
	if err != nil || string(body) != `{"channel":"#ops","text":"hi"}` {
		t.Fatal(string(body), err)
	}
}

func TestEncodeNothing(t *testing.T) {
	if _, err := (Message{}).Encode(); err == nil {
		t.Fatal("no error")
	}
}

func TestReleaseText(t *testing.T) {
	t.Setenv("RELEASE_CHANNEL", "#releases")
	m, err := Release("v1.4.0")
	if err != nil {
		t.Fatal(err)
	}
	if m.Text != "v1.4.0 is out" {
		t.Fatal(m.Text)
	}
}

func TestNoChannel(t *testing.T) {
	t.Setenv("RELEASE_CHANNEL", "")
	if _, err := Release("v1"); !errors.Is(err, ErrNoChannel) {
		t.Fatal(err)
	}
}

func TestErrorIsNamed(t *testing.T) {
	if ErrNoChannel.Error() != "notify: no channel" {
		t.Fatal(ErrNoChannel)
	}
}
