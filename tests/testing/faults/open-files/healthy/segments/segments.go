// Package segments merges sorted files.
package segments

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// Write makes one segment.
func Write(directory string, number int, line string) error {
	return os.WriteFile(filepath.Join(directory, fmt.Sprintf("%05d.seg", number)), []byte(line+"\n"), 0o600)
}

// Merge reads the first line of all segments, sorted.
func Merge(directory string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(directory, "*.seg"))
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("segments: %w", err)
		}
		reader := bufio.NewScanner(file)
		for reader.Scan() {
			lines = append(lines, reader.Text())
		}
		file.Close()
	}
	sort.Strings(lines)
	return lines, nil
}
