// Package rows is a table in a directory: one file a row, named by its key.
package rows

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrTaken: the key is there already.
var ErrTaken = errors.New("rows: key is taken")

// Table keeps rows of any kind.
type Table struct{ directory string }

// Open makes the table unless it is there.
func Open(directory string) (*Table, error) {
	return &Table{directory}, os.MkdirAll(directory, 0o700)
}

// Insert adds a row; a key can be used once.
func (t *Table) Insert(key string, row any) error {
	data, err := json.Marshal(row)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(t.directory, key+".json"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", ErrTaken, key)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(data)
	return err
}

// Delete removes a row, if it is there.
func (t *Table) Delete(key string) { os.Remove(filepath.Join(t.directory, key+".json")) }

// Get reads a row.
func (t *Table) Get(key string, into any) error {
	data, err := os.ReadFile(filepath.Join(t.directory, key+".json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
