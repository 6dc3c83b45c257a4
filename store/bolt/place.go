package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// place is where a database's file was when its store was made. A file that is gone from
// there takes writes as before, and loses them when the process ends.
type place struct {
	path string
	file fs.FileInfo // nil: there was none to be seen, and check finds no fault
}

func placeOf(db *bbolt.DB) place {
	path, err := filepath.Abs(db.Path())
	if err != nil {
		return place{}
	}
	file, err := os.Stat(path)
	if err != nil {
		return place{}
	}
	return place{path, file}
}

// check returns an error if the file is no longer there.
func (p place) check() error {
	if p.file == nil {
		return nil
	}
	now, err := os.Stat(p.path)
	if err == nil && os.SameFile(p.file, now) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("the file %s was deleted, moved or replaced while it was open", p.path)
}
