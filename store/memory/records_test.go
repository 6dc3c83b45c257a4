package memorystore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

// count returns how many records the store has.
func count(t testing.TB, s *memorystore.Store) int {
	t.Helper()
	n := 0
	for _, err := range s.Records(t.Context()) {
		must(t, err)
		n++
	}
	return n
}

// createMany creates records of n users, every third of them revoked.
func createMany(t *testing.T, s *memorystore.Store, n int) map[string]core.Record {
	t.Helper()
	records := map[string]core.Record{}
	for i := range n {
		record := newRecord(fmt.Sprint("user ", i), epoch, after(1000))
		record.Device, record.Data = "phone", []byte("data")
		create(t, s, record, 0)
		if i%3 == 0 {
			record = revoke(t, s, core.Revocation{ID: record.ID, At: after(1)})[0]
		}
		records[record.ID] = record
	}
	return records
}

func TestRecordsYieldsEveryRecordOnce(t *testing.T) {
	for _, n := range []int{0, 1, 10, 5000} {
		s := memorystore.New()
		want := createMany(t, s, n)
		for got, err := range s.Records(t.Context()) {
			must(t, err)
			if !same(got, want[got.ID]) {
				t.Errorf("Records yielded %v, want %v", got, want[got.ID])
			}
			delete(want, got.ID)
		}
		if len(want) != 0 {
			t.Errorf("Records left out %d of %d records", len(want), n)
		}
	}
}

// The loop's body may call the store: what stays is yielded whatever else comes and goes.
func TestRecordsMayBeChangedByTheLoop(t *testing.T) {
	s := memorystore.New()
	want := createMany(t, s, 1000)
	short := newRecord("short", epoch, after(1))
	create(t, s, short, 0)
	n := 0
	for got, err := range s.Records(t.Context()) {
		must(t, err)
		delete(want, got.ID)
		if n++; n > 100_000 {
			t.Fatal("Records does not end")
		}
		create(t, s, newRecord(fmt.Sprint("new ", n), epoch, after(1)), 0)
		revoke(t, s, core.Revocation{UserID: got.UserID, At: after(2)})
		list(t, s, got.UserID, epoch)
		_, err = s.DeleteExpired(t.Context(), after(2), 1)
		must(t, err)
	}
	if len(want) != 0 {
		t.Errorf("Records left out %d records", len(want))
	}
}

// A loop that creates a record for each that it sees comes to an end.
func TestRecordsEndThoughTheLoopCreatesMore(t *testing.T) {
	s := memorystore.New()
	for range 50 {
		create(t, s, newRecord("ann", epoch, after(1)), 0)
	}
	n := 0
	for _, err := range s.Records(t.Context()) {
		must(t, err)
		if n++; n > 10_000 {
			t.Fatal("Records does not end")
		}
		create(t, s, newRecord("ann", epoch, after(1)), 0)
	}
	if n < 50 {
		t.Errorf("Records yielded %d records, want at least 50", n)
	}
}

func TestLoopOverRecordsCanEndAnyTime(t *testing.T) {
	s := memorystore.New()
	createMany(t, s, 100)
	for stop := range 100 {
		n := 0
		for _, err := range s.Records(t.Context()) {
			must(t, err)
			if n == stop {
				break
			}
			n++
		}
	}
	create(t, s, newRecord("ann", epoch, after(1)), 0) // no lock is held
}

func TestContextEndsRecords(t *testing.T) {
	s := memorystore.New()
	createMany(t, s, 100)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for got, err := range s.Records(ctx) {
		if last != nil {
			t.Error("Records goes on after an error")
		}
		if last = err; err != nil {
			if !same(got, core.Record{}) {
				t.Errorf("Records yielded %v with an error", got)
			}
			continue
		}
		if n++; n == 5 {
			cancel()
		}
	}
	if n != 5 || !errors.Is(last, context.Canceled) {
		t.Errorf("Records yielded %d records and %v, want 5 and context.Canceled", n, last)
	}
	last = nil
	for _, last = range memorystore.New().Records(ctx) {
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("Records of an empty store yielded %v, want context.Canceled", last)
	}
}
