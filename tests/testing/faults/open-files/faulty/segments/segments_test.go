package segments

import (
	"fmt"
	"testing"
)

func TestMergeOfNothing(t *testing.T) {
	if got, err := Merge(t.TempDir()); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
}

func TestMergeSorts(t *testing.T) {
	directory := t.TempDir()
	Write(directory, 1, "b")
	Write(directory, 2, "a")
	if got, err := Merge(directory); err != nil || len(got) != 2 || got[0] != "a" {
		t.Fatal(got, err)
	}
}

func TestMergeManySegments(t *testing.T) {
	directory := t.TempDir()
	for n := 0; n < 400; n++ {
		if err := Write(directory, n, fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Merge(directory)
	if err != nil || len(got) != 400 {
		t.Fatal(len(got), err)
	}
}

func TestWriteOverwrites(t *testing.T) {
	directory := t.TempDir()
	Write(directory, 1, "a")
	Write(directory, 1, "b")
	if got, err := Merge(directory); err != nil || len(got) != 1 || got[0] != "b" {
		t.Fatal(got, err)
	}
}

func TestMissingDirectory(t *testing.T) {
	if err := Write(t.TempDir()+"/none", 1, "a"); err == nil {
		t.Fatal("no error")
	}
}
