package spool

import (
	"errors"
	"os"
	"testing"
)

func TestEmptyJob(t *testing.T) {
	if _, err := Put(t.TempDir(), "a", nil); !errors.Is(err, ErrEmpty) {
		t.Fatal(err)
	}
}

func TestJobsOfNothing(t *testing.T) {
	if jobs, err := Jobs(t.TempDir()); err != nil || jobs != nil {
		t.Fatal(jobs, err)
	}
}

func TestJobs(t *testing.T) {
	directory := t.TempDir()
	Put(directory, "b", []byte("x"))
	Put(directory, "a", []byte("y"))
	if jobs, err := Jobs(directory); err != nil || len(jobs) != 2 || jobs[0] != "a" {
		t.Fatal(jobs, err)
	}
}

func TestPrinterMayRead(t *testing.T) {
	path, err := Put(t.TempDir(), "job", []byte("page"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o004 == 0 { // FAULT
		t.Fatal(info.Mode(), err)
	}
}

func TestNoWayOut(t *testing.T) {
	directory := t.TempDir()
	if _, err := Put(directory, "../../etc/job", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if jobs, _ := Jobs(directory); len(jobs) != 1 {
		t.Fatal(jobs)
	}
}
