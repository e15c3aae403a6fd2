package audit

import "testing"

func TestNobodyIsRefused(t *testing.T) {
	if Add("", "login") == nil {
		t.Fatal("no error")
	}
}

func TestAddKeeps(t *testing.T) {
	before := Pending()
	if err := Add("ada", "login"); err != nil || Pending() != before+1 {
		t.Fatal(err, Pending())
	}
}

func TestFlushSorts(t *testing.T) {
	Add("zoe", "logout")
	Add("bob", "login")
	var last string
	Flush(func(e Entry) {
		if e.User < last {
			t.Errorf("%s after %s", e.User, last)
		}
		last = e.User
	})
}

func TestStartsEmpty(t *testing.T) {
	if n := Flush(func(Entry) {}); n != 0 {
		t.Fatal("entries from nowhere:", n)
	}
}

func TestEntryFields(t *testing.T) {
	if (Entry{"a", "b"}) != (Entry{What: "b", User: "a"}) {
		t.Fatal("fields moved")
	}
}
