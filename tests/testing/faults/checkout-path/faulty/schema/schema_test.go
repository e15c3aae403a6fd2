package schema

import (
	"os"
	"path/filepath"
	"testing"
)

func TestVersionsOfNothing(t *testing.T) {
	if got, err := Versions(t.TempDir()); err != nil || got != nil {
		t.Fatal(got, err)
	}
}

func TestVersionsAreNumbers(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"10_b.sql", "2_a.sql", "README", "x_y"} {
		os.WriteFile(filepath.Join(directory, name), nil, 0o600)
	}
	if got, err := Versions(directory); err != nil || len(got) != 2 || got[0] != 2 || got[1] != 10 {
		t.Fatal(got, err)
	}
}

func TestOwnMigrations(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Versions(filepath.Join(root, "schema", "migrations"))
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
}

func TestMissingDirectory(t *testing.T) {
	if _, err := Versions(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Fatal("no error")
	}
}

func TestVersionsIgnoreFolders(t *testing.T) {
	directory := t.TempDir()
	os.Mkdir(filepath.Join(directory, "old"), 0o700)
	if got, err := Versions(directory); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
}
