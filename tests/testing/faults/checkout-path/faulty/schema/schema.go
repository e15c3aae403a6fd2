// Package schema finds the migrations of the service.
package schema

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// Root walks up to the root of the repository.
func Root() (string, error) {
	directory, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for filepath.Base(directory) != "svc" { // FAULT
		parent := filepath.Dir(directory)
		if parent == directory {
			return "", errors.New("schema: not inside of the repository")
		}
		directory = parent
	}
	return directory, nil
}

// Versions reads the numbers of the migrations in a directory, ascending.
func Versions(directory string) ([]int, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var versions []int
	for _, entry := range entries {
		text, _, found := strings.Cut(entry.Name(), "_")
		if n, err := strconv.Atoi(text); found && err == nil {
			versions = append(versions, n)
		}
	}
	sort.Ints(versions)
	return versions, nil
}
