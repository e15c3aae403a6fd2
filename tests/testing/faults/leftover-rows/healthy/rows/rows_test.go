package rows

import (
	"errors"
	"testing"
)

type order struct{ ID, Cents int }

func table(t *testing.T) *Table {
	t.Helper()
	db, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestUnknownKey(t *testing.T) {
	if err := table(t).Get("none", nil); err == nil {
		t.Fatal("no error")
	}
}

func TestInsertAndGet(t *testing.T) {
	db := table(t)
	t.Cleanup(func() { db.Delete("order-7") })
	if err := db.Insert("order-7", order{7, 1999}); err != nil {
		t.Fatal(err)
	}
	var got order
	if err := db.Get("order-7", &got); err != nil || got.Cents != 1999 {
		t.Fatal(got, err)
	}
}

func TestKeyIsTaken(t *testing.T) {
	db := table(t)
	t.Cleanup(func() { db.Delete("twice") })
	db.Insert("twice", 1)
	if err := db.Insert("twice", 2); !errors.Is(err, ErrTaken) {
		t.Fatal(err)
	}
}

func TestRowThatIsNoJSON(t *testing.T) {
	if err := table(t).Insert("bad", func() {}); err == nil {
		t.Fatal("no error")
	}
}

func TestDeleteOfNothing(t *testing.T) { table(t).Delete("never there") }
