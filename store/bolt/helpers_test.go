package boltstore_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"runtime"
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

// newToken returns a record of the user that lives from one moment to another.
func newToken(userID string, issuedAt, expiresAt time.Time) core.Record {
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

// file is a store and its file.
type file struct {
	*boltstore.Store
	db *bbolt.DB
}

func open(t testing.TB) file { return openAs(t, filepath.Join(t.TempDir(), "tokens.db"), nil) }

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
	errs["Create"] = s.Create(ctx, newToken(record.UserID, record.IssuedAt, record.ExpiresAt.Add(time.Hour)), 1)
	errs["Revoke"] = s.Revoke(ctx, record.ID, record.IssuedAt)
	_, errs["RevokeUser"] = s.RevokeUser(ctx, record.UserID, record.IssuedAt)
	_, errs["DeleteExpired"] = s.DeleteExpired(ctx, record.ExpiresAt.Add(time.Minute), 1)
	return errs
}
