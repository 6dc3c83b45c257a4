package boltstore_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
)

// damaged stores a record and puts something else in its place.
func damaged(t *testing.T, s file, damage func(value []byte) []byte) core.Record {
	t.Helper()
	record := newRecord("ann", epoch, after(10))
	record.Device, record.Data = "Firefox on Linux", []byte(`{"role":"admin"}`)
	create(t, s, record, 0)
	key, value, err := boltstore.Encode(record)
	must(t, err)
	put(t, s.db, "records", key, damage(value))
	return record
}

func TestDamagedRecordsAreErrors(t *testing.T) {
	for name, damage := range map[string]func(v []byte) []byte{
		"empty":              func([]byte) []byte { return nil },
		"format only":        func(v []byte) []byte { return v[:1] },
		"cut in the head":    func(v []byte) []byte { return v[:71] },
		"cut in the text":    func(v []byte) []byte { return v[:len(v)-1] },
		"longer":             func(v []byte) []byte { return append(v, 0) },
		"format 0":           func(v []byte) []byte { return append([]byte{0}, v[1:]...) },
		"one bit in a time":  func(v []byte) []byte { v[60] ^= 1; return v },
		"one bit in a text":  func(v []byte) []byte { v[80] ^= 0x80; return v },
		"another's":          func([]byte) []byte { _, v, _ := boltstore.Encode(newRecord("ann", epoch, after(10))); return v },
		"a page of zeros":    func([]byte) []byte { return make([]byte, 4096) },
		"far too long":       func(v []byte) []byte { return slices.Repeat(v, 100) },
		"a later generation": func(v []byte) []byte { v[12]++; return v },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			for method, err := range everyCall(t, s, damaged(t, s, damage)) {
				if method == "DeleteExpired" { // rids the file of it
					must(t, err)
					continue
				}
				expectFailure(t, method, err, nil)
				if err != nil && !strings.Contains(err.Error(), "is corrupt") {
					t.Errorf("%s: %v, want it to say that a record is corrupt", method, err)
				}
			}
			if list, err := s.ListUser(t.Context(), "ann", epoch); len(list) != 0 || err != nil {
				t.Errorf("ListUser after the deletion: %v, %v", list, err)
			}
		})
	}
}

func TestRecordOfANewerFormatIsAnError(t *testing.T) {
	s := open(t)
	record := damaged(t, s, func([]byte) []byte { return []byte{2} })
	_, err := s.Get(t.Context(), record.ID)
	want := "boltstore: get: record " + record.ID + ": a file of a newer format (2; this program knows 1)"
	if err == nil || err.Error() != want {
		t.Errorf("Get: %v, want %q", err, want)
	}
}

func TestDamagedKeysAreErrors(t *testing.T) {
	s := open(t)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	key, value, err := boltstore.Encode(record)
	must(t, err)
	put(t, s.db, "records", append(key, 0), value)
	put(t, s.db, "expiry", []byte{0, 1}, nil)
	for method, err := range everyCall(t, s, record) {
		switch method {
		case "ListUser", "Revoke", "Revoke user", "Create", "Records", "DeleteExpired":
			expectFailure(t, method, err, nil)
		default:
			must(t, err)
		}
	}
}

// One damaged record fails the calls about it, and not those that share their
// transactions.
func TestDamageFailsNoOther(t *testing.T) {
	s := open(t)
	bad := damaged(t, s, func([]byte) []byte { return nil })
	good := make([]core.Record, 20)
	for i := range good {
		good[i] = newRecord("bob", after(i), after(100))
		create(t, s, good[i], 0)
	}
	release := hold(t, s.db)
	var calls sync.WaitGroup
	for i := range good {
		calls.Go(func() {
			got, err := s.Exchange(t.Context(), next(good[i], after(i)))
			if err != nil {
				t.Error(err)
			}
			good[i] = got
		})
		calls.Go(func() {
			_, err := s.Exchange(t.Context(), next(bad, epoch))
			expectFailure(t, "Exchange", err, nil)
		})
	}
	waitFor(s.Store, 2*len(good))
	release()
	calls.Wait()
	for _, record := range good {
		expect(t, s, record)
	}
}

// A page that is no page makes bbolt panic.
func TestDamagedPagesAreErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.db")
	s := openAs(t, path, nil)
	record := newRecord("ann", epoch, after(10))
	s.db.NoSync = true
	for range 100 { // more than fits into the page that lists the buckets
		create(t, s, newRecord("bob", epoch, after(10)), 0)
	}
	create(t, s, record, 0)
	var root int64
	must(t, s.db.View(func(tx *bbolt.Tx) error {
		root = int64(tx.Bucket(bucket("records")).Root()) * int64(s.db.Info().PageSize)
		return nil
	}))
	must(t, s.db.Close())
	damaged, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	_, err = damaged.WriteAt(make([]byte, 64), root)
	must(t, err)
	must(t, damaged.Close())

	s = openAs(t, path, nil)
	for range 2 {
		for method, err := range everyCall(t, s, record) {
			if method == "DeleteExpired" && err == nil { // the expiries are whole
				continue
			}
			expectFailure(t, method, err, nil)
		}
	}
}

// Somebody cuts off the file under a store. bbolt, which reads it as memory, panics
// then, and keeps its locks.
func TestAFileThatHasLostItsPagesIsAnError(t *testing.T) {
	for name, first := range map[string]func(s core.RefreshStore, id string) error{
		"when it is read": func(s core.RefreshStore, id string) error {
			_, err := s.Get(t.Context(), id)
			return err
		},
		"when it is written": func(s core.RefreshStore, id string) error {
			_, err := s.Revoke(t.Context(), core.Revocation{ID: id, At: epoch})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tokens.db")
			db, err := bbolt.Open(path, 0o600, nil)
			must(t, err) // and nobody closes it, because that would wait for ever
			s, err := boltstore.New(db, boltstore.Options{})
			must(t, err)
			record := newRecord("ann", epoch, after(10))
			create(t, s, record, 0)
			must(t, os.Truncate(path, 0))
			expectFailure(t, "the first call", first(s, record.ID), nil)
			for method, err := range everyCall(t, s, record) {
				expectFailure(t, method, err, nil)
				if err != nil && !strings.Contains(err.Error(), "until it is opened again") {
					t.Errorf("%s: %v", method, err)
				}
			}
		})
	}
}
