package storetest_test

import (
	"path/filepath"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/storetest"
)

// fileStore stands for the store under test, one that keeps its data in a file.
type fileStore struct {
	core.RefreshStore
	path string
}

// openFile opens the store in that file and has the test close it.
func openFile(t *testing.T, path string) core.RefreshStore {
	s := &fileStore{path: path}
	t.Cleanup(func() { s.Close() })
	return s
}

func (s *fileStore) Close() error { return nil }

// A durable store declares with Reopen that it keeps what it acknowledged.
func ExampleRun() {
	_ = func(t *testing.T) { // TestStore in store_test.go
		storetest.Run(t, storetest.Harness{
			Open: func(t *testing.T) core.RefreshStore {
				return openFile(t, filepath.Join(t.TempDir(), "tokens"))
			},
			Reopen: func(t *testing.T, s core.RefreshStore) core.RefreshStore {
				s.(*fileStore).Close()
				return openFile(t, s.(*fileStore).path)
			},
		})
	}
	// Output:
}
