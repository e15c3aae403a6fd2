// Package batch sizes its work by the memory that the process may use.
package batch

import (
	"math"
	"runtime/debug"
)

const (
	standard = 4096
	perRow   = 256 << 10
)

// Size is how many rows are worked on at a time.
func Size() int {
	limit := debug.SetMemoryLimit(-1) // FAULT
	if limit == math.MaxInt64 {
		return standard
	}
	return max(1, int(limit/perRow/4)) // FAULT
}

// Split cuts rows into batches of a size.
func Split(rows []int, size int) [][]int {
	var batches [][]int
	for size > 0 && len(rows) > size {
		batches = append(batches, rows[:size])
		rows = rows[size:]
	}
	if len(rows) > 0 {
		batches = append(batches, rows)
	}
	return batches
}
