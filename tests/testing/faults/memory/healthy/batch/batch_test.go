package batch

import "testing"

func TestSplit(t *testing.T) {
	got := Split([]int{1, 2, 3, 4, 5}, 2)
	if len(got) != 3 || len(got[2]) != 1 {
		t.Fatal(got)
	}
}

func TestSplitExactly(t *testing.T) {
	if got := Split([]int{1, 2}, 2); len(got) != 1 {
		t.Fatal(got)
	}
}

func TestSplitNothing(t *testing.T) {
	if got := Split(nil, 3); got != nil {
		t.Fatal(got)
	}
}

func TestNightlyImportIsOneBatch(t *testing.T) {
	rows := make([]int, 3000)
	if got := Split(rows, standard); len(got) != 1 {
		t.Fatalf("%d batches, want one", len(got))
	}
}

func TestSizeIsNeverNothing(t *testing.T) {
	if Size() < 1 {
		t.Fatal(Size())
	}
}
