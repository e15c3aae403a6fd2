package access

import (
	"errors"
	"testing"
)

func TestNobodyMayNothing(t *testing.T) {
	As("")
	if err := Check("read"); !errors.Is(err, ErrDenied) {
		t.Fatal(err)
	}
}

func TestRolesAreFolded(t *testing.T) {
	As("Admin")
	if err := Check("delete"); err != nil {
		t.Fatal(err)
	}
}

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		role, action string
		denied       bool
	}{
		{"admin", "delete", false}, {"guest", "delete", true}, {"guest", "read", false},
		{"admin", "write", false}, {"guest", "write", true}, {"clerk", "delete", true},
	} {
		c := c
		t.Run(c.role+" "+c.action, func(t *testing.T) {
			As(c.role)
			if err := Check(c.action); (err != nil) != c.denied {
				t.Errorf("%s %s: %v", c.role, c.action, err)
			}
		})
	}
}

func TestGuestReads(t *testing.T) {
	As("guest")
	if err := Check("read"); err != nil {
		t.Fatal(err)
	}
}

func TestErrorText(t *testing.T) {
	if ErrDenied.Error() != "access: denied" {
		t.Fatal(ErrDenied)
	}
}
