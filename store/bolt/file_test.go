package boltstore_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

func TestNilDatabaseIsAnError(t *testing.T) {
	if s, err := boltstore.New(nil, boltstore.Options{}); s != nil || err == nil {
		t.Errorf("New: %v, %v, want an error", s, err)
	}
}

// Opening a file that has a store writes nothing.
func TestOpeningAgainWritesNothing(t *testing.T) {
	s := open(t)
	before := commits(t, s.db)
	_, err := boltstore.New(s.db, boltstore.Options{})
	must(t, err)
	if after := commits(t, s.db); after != before {
		t.Errorf("%d transactions were committed", after-before)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(tx *bbolt.Tx) error
		want   string
	}{
		"a newer format": {
			func(tx *bbolt.Tx) error { return tx.Bucket(bucket("meta")).Put([]byte("format"), []byte{2}) },
			"boltstore: open: a file of a newer format (2; this program knows 1)",
		},
		"no format": {
			func(tx *bbolt.Tx) error { return tx.Bucket(bucket("meta")).Delete([]byte("format")) },
			`boltstore: open: bucket "tokenauth.meta" has no format version`,
		},
		"format 0": {
			func(tx *bbolt.Tx) error { return tx.Bucket(bucket("meta")).Put([]byte("format"), []byte{0}) },
			"boltstore: open: the buckets of format 0 are not complete",
		},
		"no records": {
			func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucket("records")) },
			"boltstore: open: the buckets of format 1 are not complete",
		},
		"no expiries": {
			func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucket("expiry")) },
			"boltstore: open: the buckets of format 1 are not complete",
		},
		"buckets of another": {
			func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucket("meta")) },
			`boltstore: open: the bucket "tokenauth.records" or "tokenauth.expiry" is not one of this package`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			must(t, s.db.Update(c.damage))
			before := commits(t, s.db)
			got, err := boltstore.New(s.db, boltstore.Options{})
			if got != nil || err == nil || err.Error() != c.want {
				t.Errorf("New: %v, %v, want the error %q", got, err, c.want)
			}
			if commits(t, s.db) != before {
				t.Error("New has written to the file")
			}
		})
	}
}

func TestReadOnlyFileCanBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.db")
	s := openAs(t, path, nil)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	must(t, s.db.Close())

	s = openAs(t, path, &bbolt.Options{ReadOnly: true})
	expect(t, s, record)
	for method, err := range everyCall(t, s, record) {
		if method == "Get" || method == "ListUser" || method == "Records" {
			must(t, err)
		} else {
			expectFailure(t, method, err, bolterrors.ErrDatabaseReadOnly)
		}
	}
	expect(t, s, record)
}

func TestReadOnlyFileWithoutAStoreIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.db")
	must(t, openDB(t, path, nil).Close())
	_, err := boltstore.New(openDB(t, path, &bbolt.Options{ReadOnly: true}), boltstore.Options{})
	if err == nil || !strings.Contains(err.Error(), "the file holds no store and cannot be written to") {
		t.Errorf("New: %v", err)
	}
}

func TestClosedDatabaseIsAnError(t *testing.T) {
	s := open(t)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	must(t, s.db.Close())
	for method, err := range everyCall(t, s, record) {
		expectFailure(t, method, err, bolterrors.ErrDatabaseNotOpen)
	}
	_, err := s.Get(t.Context(), "malformed")
	expectFailure(t, "Get of a malformed ID", err, bolterrors.ErrDatabaseNotOpen)
	_, err = s.Revoke(t.Context(), core.Revocation{ID: "malformed", At: epoch})
	expectFailure(t, "Revoke of a malformed ID", err, bolterrors.ErrDatabaseNotOpen)
	if want := "boltstore: revoke: database not open"; err == nil || err.Error() != want {
		t.Errorf("Revoke: %v, want %q", err, want)
	}
	_, err = boltstore.New(s.db, boltstore.Options{})
	expectFailure(t, "New", err, bolterrors.ErrDatabaseNotOpen)
}

// The application deletes the buckets under a store.
func TestMissingBucketsAreAnError(t *testing.T) {
	s := open(t)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	must(t, s.db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucket("records")) }))
	for method, err := range everyCall(t, s, record) {
		expectFailure(t, method, err, nil)
	}
}
