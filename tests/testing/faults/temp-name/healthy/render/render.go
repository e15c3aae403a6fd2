// Package render writes an invoice through a file that the converter reads.
package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Invoice renders text; `convert` gets the path of the source.
func Invoice(lines []string, convert func(path string) (string, error)) (string, error) {
	directory, err := os.MkdirTemp("", "invoice")
	if err != nil {
		return "", fmt.Errorf("render: %w", err)
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "invoice.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		return "", fmt.Errorf("render: %w", err)
	}
	return convert(path)
}

// Upper is a converter for tests and previews.
func Upper(path string) (string, error) {
	time.Sleep(20 * time.Millisecond) // a converter takes its time to start
	data, err := os.ReadFile(path)
	return strings.ToUpper(string(data)), err
}

// Total writes an amount.
func Total(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
