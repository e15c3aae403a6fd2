package export

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "export"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

func TestRows(t *testing.T) {
	var out bytes.Buffer
	if err := Rows(&out, [][]string{{"a", "b,c"}}); err != nil || out.String() != "a,\"b,c\"\n" {
		t.Fatal(out.String(), err)
	}
}

func TestNoRows(t *testing.T) {
	var out bytes.Buffer
	if err := Rows(&out, nil); err != nil || out.Len() != 0 {
		t.Fatal(out.String(), err)
	}
}

func TestFileHoldsRows(t *testing.T) {
	path, err := File(scratch, "orders", [][]string{{"1", "2"}}) // FAULT
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || strings.TrimSpace(string(data)) != "1,2" {
		t.Fatal(string(data), err)
	}
}

func TestMissingDirectory(t *testing.T) {
	if _, err := File(scratch+"/none", "orders", nil); err == nil {
		t.Fatal("no error")
	}
}

func TestNameGetsItsEnding(t *testing.T) {
	path, err := File(t.TempDir(), "a", nil)
	if err != nil || !strings.HasSuffix(path, "a.csv") {
		t.Fatal(path, err)
	}
}
