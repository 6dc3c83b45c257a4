package memorystore_test

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
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

// heapInUse returns how many bytes of the heap are reachable.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // the first may have been under way
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func isSentinel(err error) bool {
	return errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrExists) || errors.Is(err, core.ErrConflict)
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

func get(t testing.TB, s core.RefreshStore, id string) core.Record {
	t.Helper()
	got, err := s.Get(t.Context(), id)
	must(t, err)
	return got
}

func list(t testing.TB, s core.RefreshStore, userID string, at time.Time) []core.Record {
	t.Helper()
	got, err := s.ListUser(t.Context(), userID, at)
	must(t, err)
	return got
}

// expectList fails the test unless ListUser returns the records with those ids, in
// that order.
func expectList(t testing.TB, s core.RefreshStore, userID string, at time.Time, want ...string) {
	t.Helper()
	var got []string
	for _, record := range list(t, s, userID, at) {
		got = append(got, record.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("ListUser returned %q, want %q", got, want)
	}
}

// expectDeleted fails the test unless DeleteExpired deletes so many records.
func expectDeleted(t testing.TB, s core.RefreshStore, before time.Time, max, want int) {
	t.Helper()
	got, err := s.DeleteExpired(t.Context(), before, max)
	must(t, err)
	if got != want {
		t.Errorf("DeleteExpired deleted %d records, want %d", got, want)
	}
}

func expectGone(t testing.TB, s core.RefreshStore, id string) {
	t.Helper()
	if _, err := s.Get(t.Context(), id); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("Get of a deleted record: %v, want ErrNotFound", err)
	}
}
