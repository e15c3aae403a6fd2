// Package lint asks the compiler about a package before it is published.
package lint

import (
	"context"
	"errors"
	"os/exec"
	"strings"
)

// ErrRefused: the compiler said no.
var ErrRefused = errors.New("lint: refused")

// Exports is where the compiler put the export data of packages.
func Exports(ctx context.Context, packages ...string) ([]string, error) {
	if len(packages) == 0 {
		return nil, nil
	}
	out, err := exec.CommandContext(ctx, "go", append([]string{"list", "-export", "-f", "{{.Export}}"}, packages...)...).Output()
	if err != nil {
		return nil, errors.Join(ErrRefused, err)
	}
	return strings.Fields(string(out)), nil
}

// Public tells whether others can import a path.
func Public(path string) bool {
	for _, part := range strings.Split(path, "/") {
		if part == "internal" || part == "vendor" {
			return false
		}
	}
	return path != "main"
}
