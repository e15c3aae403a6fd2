// Package spool hands files to a printer that runs as another user.
package spool

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrEmpty: there is nothing to print.
var ErrEmpty = errors.New("spool: empty")

// Put writes a job that everybody may read.
func Put(directory, name string, data []byte) (string, error) {
	if len(data) == 0 {
		return "", ErrEmpty
	}
	queue := filepath.Join(directory, "queue")
	if err := os.MkdirAll(queue, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(queue, filepath.Base(name))
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return "", err
	}
	return path, os.Chmod(path, 0o644)
}

// Jobs lists what waits.
func Jobs(directory string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(directory, "queue"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, err
}
