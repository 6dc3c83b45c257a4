package boltstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// A file that is deleted, moved or replaced while it is open takes writes, which end with the
// process. None of them may be acknowledged.
func TestAFileThatIsGoneAcknowledgesNothing(t *testing.T) {
	for name, remove := range map[string]func(path string) error{
		"deleted": os.Remove,
		"moved":   func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			backup, err := bbolt.Open(path+".backup", 0o600, nil)
			if err != nil {
				return err
			}
			if err := backup.Close(); err != nil {
				return err
			}
			return os.Rename(path+".backup", path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tokens.db")
			s := openAs(t, path, nil)
			record := newRecord("ann", epoch, after(10))
			create(t, s, record, 0)
			if err := remove(path); err != nil {
				t.Skip("this system keeps a file that is open: ", err)
			}
			_, err := s.Create(t.Context(), newRecord("ann", epoch, after(10)), 0)
			expectFailure(t, "Create", err, nil)
			for method, err := range everyCall(t, s, record) {
				expectFailure(t, method, err, nil)
				if err != nil && !strings.Contains(err.Error(), "deleted, moved or replaced") {
					t.Errorf("%s: %v, want it to say what happened to the file", method, err)
				}
			}
		})
	}
}

// A process that changes its folder still finds its file.
func TestAFileIsFoundFromAnotherFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	s := openAs(t, "tokens.db", nil)
	t.Chdir(t.TempDir())
	create(t, s, newRecord("ann", epoch, after(10)), 0)
}
