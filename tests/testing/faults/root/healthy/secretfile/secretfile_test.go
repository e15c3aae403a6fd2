package secretfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func file(t *testing.T, text string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	if got, err := Read(file(t, "s3cret\n", 0o600)); err != nil || got != "s3cret" {
		t.Fatal(got, err)
	}
}

func TestMissing(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestForbidden(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	if _, err := Read(file(t, "x", 0o000)); !errors.Is(err, ErrForbidden) {
		t.Fatal("it was read, or another error:", err)
	}
}

func TestHidden(t *testing.T) {
	if Hidden("abc") != "•••" || len([]rune(Hidden("0123456789"))) != 8 {
		t.Fatal(Hidden("abc"))
	}
}

func TestEmptySecret(t *testing.T) {
	if got, err := Read(file(t, "", 0o600)); err != nil || got != "" {
		t.Fatal(got, err)
	}
}
