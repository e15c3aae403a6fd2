package health

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

const address = "127.0.0.1:0"

func status(t *testing.T, s *Server) int {
	t.Helper()
	answer, err := http.Get(s.URL("/ready"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestBadAddress(t *testing.T) {
	if _, err := Start("nowhere", nil); err == nil {
		t.Fatal("no error")
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	s, err := Start(address, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	time.Sleep(30 * time.Millisecond)
	if got := status(t, s); got != 200 {
		t.Fatal(got)
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	s, err := Start(address, func() error { return errors.New("no database") })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	time.Sleep(30 * time.Millisecond)
	if got := status(t, s); got != 503 {
		t.Fatal(got)
	}
}

func TestURL(t *testing.T) {
	s, err := Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if got := s.URL("/x"); got[len(got)-2:] != "/x" {
		t.Fatal(got)
	}
}

func TestUnknownPath(t *testing.T) {
	s, err := Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	answer, err := http.Get(s.URL("/none"))
	if err != nil || answer.StatusCode != 404 {
		t.Fatal(answer, err)
	}
}
