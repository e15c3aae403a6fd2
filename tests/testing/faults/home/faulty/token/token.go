// Package token finds the credentials of the command line tool.
package token

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// ErrNone: nobody has logged in.
var ErrNone = errors.New("token: log in first")

// Load reads the token that `orders login` wrote.
func Load() (string, error) {
	home, err := os.UserHomeDir() // FAULT
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(filepath.Join(home, ".orders-token")) // FAULT
	if errors.Is(err, os.ErrNotExist) {
		return "", ErrNone
	}
	if err != nil {
		return "", err
	}
	return Clean(string(data))
}

// Clean takes off white space; a token has at least eight characters.
func Clean(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) < 8 {
		return "", errors.New("token: too short")
	}
	return text, nil
}

// Header is what a request carries.
func Header(token string) string { return "Bearer " + token }
