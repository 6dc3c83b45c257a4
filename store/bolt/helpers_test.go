package boltstore_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
)

// epoch is when the tests begin.
var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// after returns the moment so many milliseconds after epoch.
func after(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// newRecord returns a record of the user that lives from one moment to another.
func newRecord(userID string, issuedAt, expiresAt time.Time) core.Record {
	return core.Record{
		ID:          core.NewRecordID(userID),
		UserID:      userID,
		AccessRef:   core.Ref{1},
		IssuedAt:    issuedAt,
		ExchangedAt: issuedAt,
		ExpiresAt:   expiresAt,
	}
}

// next returns the exchange that follows on the record.
func next(t core.Record, at time.Time) core.Exchange {
	to := t.AccessRef
	to[15]++
	return core.Exchange{ID: t.ID, Generation: t.Generation, From: t.AccessRef, To: to, At: at, ExpiresAt: t.ExpiresAt}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// check is must for other goroutines than the test's.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// create stores the record and returns those that it has evicted. Any goroutine may
// call it.
func create(t testing.TB, s core.RefreshStore, r core.Record, limit int) []core.Record {
	t.Helper()
	evicted, err := s.Create(t.Context(), r, limit)
	if err != nil {
		t.Error(err)
	}
	return evicted
}

// revoke returns the records that it has revoked.
func revoke(t testing.TB, s core.RefreshStore, v core.Revocation) []core.Record {
	t.Helper()
	revoked, err := s.Revoke(t.Context(), v)
	if err != nil {
		t.Error(err)
	}
	return revoked
}

// expectRecords fails the test unless the records are those, in that order.
func expectRecords(t testing.TB, what string, got []core.Record, want ...core.Record) {
	t.Helper()
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// file is a store and its file.
type file struct {
	*boltstore.Store
	db *bbolt.DB
}

func open(t testing.TB) file { return openAs(t, filepath.Join(t.TempDir(), "tokens.db"), nil) }

// openFast opens a store that waits for no disk.
func openFast(t testing.TB) file {
	return openAs(t, filepath.Join(t.TempDir(), "tokens.db"), &bbolt.Options{NoSync: true})
}

func openAs(t testing.TB, path string, o *bbolt.Options) file {
	t.Helper()
	db := openDB(t, path, o)
	s, err := boltstore.New(db, boltstore.Options{})
	must(t, err)
	return file{s, db}
}

func openDB(t testing.TB, path string, o *bbolt.Options) *bbolt.DB {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, o)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// bucket returns the name of one of the store's buckets.
func bucket(name string) []byte { return []byte("tokenauth." + name) }

// put writes into one of the store's buckets, past the store.
func put(t testing.TB, db *bbolt.DB, name string, key, value []byte) {
	t.Helper()
	must(t, db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket(name)).Put(key, value) }))
}

// commits returns how many transactions of the file have been committed.
func commits(t testing.TB, db *bbolt.DB) int {
	t.Helper()
	var n int
	must(t, db.View(func(tx *bbolt.Tx) error {
		n = tx.ID()
		return nil
	}))
	return n
}

// hold begins a write transaction, for which all writes of the store wait until it
// is released.
func hold(t testing.TB, db *bbolt.DB) (release func()) {
	t.Helper()
	tx, err := db.Begin(true)
	must(t, err)
	release = sync.OnceFunc(func() { tx.Rollback() })
	t.Cleanup(release)
	return release
}

// waitFor waits until so many calls wait for their transaction.
func waitFor(s *boltstore.Store, calls int) {
	for s.Waiting() != calls {
		runtime.Gosched()
	}
}

func isSentinel(err error) bool {
	return errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrExists) || errors.Is(err, core.ErrConflict)
}

// expectFailure fails the test unless the error is of the store and none of core's.
func expectFailure(t testing.TB, what string, err, want error) {
	t.Helper()
	if err == nil || isSentinel(err) || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: %v, want an error that is none of core's and matches %v", what, err, want)
	}
}

// same reports whether two records are equal in every field, times even in their
// location. Empty and nil Data are the same.
func same(a, b core.Record) bool {
	if !bytes.Equal(a.Data, b.Data) {
		return false
	}
	a.Data, b.Data = nil, nil
	return reflect.DeepEqual(a, b)
}

// expect fails the test unless the store holds the record just so.
func expect(t testing.TB, s core.RefreshStore, want core.Record) {
	t.Helper()
	got, err := s.Get(t.Context(), want.ID)
	must(t, err)
	if !same(got, want) {
		t.Errorf("the store has %v, want %v", got, want)
	}
}

func expectGone(t testing.TB, s core.RefreshStore, id string) {
	t.Helper()
	if _, err := s.Get(t.Context(), id); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("Get: %v, want ErrNotFound", err)
	}
}

// everyCall makes a call of each method about the record and returns their errors.
// The last one deletes it.
func everyCall(t testing.TB, s core.RefreshStore, record core.Record) map[string]error {
	t.Helper()
	ctx, errs := t.Context(), map[string]error{}
	_, errs["Get"] = s.Get(ctx, record.ID)
	_, errs["ListUser"] = s.ListUser(ctx, record.UserID, record.IssuedAt)
	_, errs["Exchange"] = s.Exchange(ctx, next(record, record.IssuedAt))
	_, errs["Create"] = s.Create(ctx, newRecord(record.UserID, record.IssuedAt, record.ExpiresAt.Add(time.Hour)), 1)
	_, errs["Revoke"] = s.Revoke(ctx, core.Revocation{ID: record.ID, At: record.IssuedAt})
	_, errs["Revoke user"] = s.Revoke(ctx, core.Revocation{UserID: record.UserID, At: record.IssuedAt})
	for _, err := range s.(core.RecordIterator).Records(ctx) {
		errs["Records"] = err
	}
	_, errs["DeleteExpired"] = s.DeleteExpired(ctx, record.ExpiresAt.Add(time.Minute), 1)
	return errs
}
