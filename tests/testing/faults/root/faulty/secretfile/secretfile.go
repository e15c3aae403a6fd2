// Package secretfile refuses secrets that it may not read.
package secretfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ErrForbidden: the file is there, and not for us.
var ErrForbidden = errors.New("secretfile: forbidden")

// Read gives the secret without its last line break.
func Read(path string) (string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("%w: %s", ErrForbidden, path)
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(data), "\n"), nil
}

// Hidden shows how long a secret is, and nothing more.
func Hidden(secret string) string { return strings.Repeat("•", min(len(secret), 8)) }
