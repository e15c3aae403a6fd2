// Package scan splits a list among readers, one processor left for the writer.
package scan

import (
	"runtime"
	"strings"
	"sync"
)

func readers() int { return runtime.NumCPU() - 1 } // FAULT

// Count counts lines that contain a word.
func Count(lines []string, word string) int {
	parts := make(chan string)
	found := make(chan int)
	var all sync.WaitGroup
	for n := 0; n < readers(); n++ { // FAULT
		all.Add(1)
		go func() {
			defer all.Done()
			count := 0
			for line := range parts {
				count += occurs(line, word)
			}
			found <- count
		}()
	}
	go func() {
		defer close(parts)
		for _, line := range lines {
			parts <- line
		}
	}()
	go func() { all.Wait(); close(found) }()
	total := 0
	for count := range found {
		total += count
	}
	return total
}

func occurs(line, word string) int {
	if word != "" && strings.Contains(line, word) {
		return 1
	}
	return 0
}
