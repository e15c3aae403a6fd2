// Package export writes reports that must not overwrite each other.
package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Rows writes rows as CSV.
func Rows(to io.Writer, rows [][]string) error {
	w := csv.NewWriter(to)
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return w.Error()
}

// File writes a new report; an old one stays.
func File(directory, name string, rows [][]string) (string, error) {
	path := filepath.Join(directory, name+".csv")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // FAULT
	if err != nil {
		return "", err
	}
	defer file.Close()
	return path, Rows(file, rows)
}
