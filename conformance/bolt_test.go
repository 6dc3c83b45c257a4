package conformance_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"github.com/tokenauth/tokenauth/storetest"
	"go.etcd.io/bbolt"
)

// boltFile is a store in a file, and what its test needs to know of it.
type boltFile struct {
	*boltstore.Store
	db   *bbolt.DB
	path string
}

// openBolt opens the store in the file of that directory, making both if they are
// not there.
func openBolt(dir string) (*boltFile, error) {
	path := filepath.Join(dir, "tokens.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return nil, err
	}
	store, err := boltstore.New(db, boltstore.Options{})
	if err != nil {
		return nil, err
	}
	return &boltFile{store, db, path}, nil
}

func openBoltFor(t *testing.T, dir string) core.RefreshStore {
	f, err := openBolt(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.db.Close() })
	return f
}

func TestBolt(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) core.RefreshStore { return openBoltFor(t, t.TempDir()) },
		Reopen: func(t *testing.T, s core.RefreshStore) core.RefreshStore {
			f := s.(*boltFile)
			if err := f.db.Close(); err != nil {
				t.Fatal(err)
			}
			return openBoltFor(t, filepath.Dir(f.path))
		},
		Dump: func(t *testing.T, s core.RefreshStore) []byte {
			dump, err := os.ReadFile(s.(*boltFile).path)
			if err != nil {
				t.Fatal(err)
			}
			return dump
		},
		Break: func(t *testing.T, s core.RefreshStore) {
			if err := s.(*boltFile).db.Close(); err != nil {
				t.Fatal(err)
			}
		},
		Crash:   crashingChild("bolt", func(t *testing.T) string { return t.TempDir() }),
		Crashes: *crashes,
	})
}
