package token

import "testing"

func TestClean(t *testing.T) {
	if got, err := Clean(" 12345678\n"); err != nil || got != "12345678" {
		t.Fatal(got, err)
	}
}

func TestTooShort(t *testing.T) {
	if _, err := Clean("abc"); err == nil {
		t.Fatal("no error")
	}
}

func TestHeader(t *testing.T) {
	if Header("x") != "Bearer x" {
		t.Fatal(Header("x"))
	}
}

func TestLoad(t *testing.T) {
	got, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) < 8 {
		t.Fatal(got)
	}
}

func TestErrorSaysWhatToDo(t *testing.T) {
	if ErrNone.Error() != "token: log in first" {
		t.Fatal(ErrNone)
	}
}
