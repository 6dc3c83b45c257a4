package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// createMany creates records of n users, every third of them revoked.
func createMany(t *testing.T, s file, n int) map[string]core.Record {
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
	for _, n := range []int{0, 1, boltstore.ReadStep - 1, boltstore.ReadStep, boltstore.ReadStep + 1, 3 * boltstore.ReadStep} {
		s := openFast(t)
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

// The loop's body may call the store, and no transaction is open meanwhile: what stays
// is yielded whatever else comes and goes.
func TestRecordsMayBeChangedByTheLoop(t *testing.T) {
	s := openFast(t)
	want := createMany(t, s, 3*boltstore.ReadStep)
	for got, err := range s.Records(t.Context()) {
		must(t, err)
		if n := s.db.Stats().OpenTxN; n != 0 {
			t.Fatalf("%d read transactions are open", n)
		}
		if _, ok := want[got.ID]; !ok {
			continue
		}
		delete(want, got.ID)
		create(t, s, newRecord("new", epoch, after(1)), 1)
		revoke(t, s, core.Revocation{UserID: got.UserID, At: after(2)})
		_, err = s.DeleteExpired(t.Context(), after(2), 1)
		must(t, err)
	}
	if len(want) != 0 {
		t.Errorf("Records left out %d records", len(want))
	}
}

func TestLoopOverRecordsCanEndAnyTime(t *testing.T) {
	s := openFast(t)
	createMany(t, s, boltstore.ReadStep+1)
	for stop := range boltstore.ReadStep + 1 {
		n := 0
		for _, err := range s.Records(t.Context()) {
			must(t, err)
			if n == stop {
				break
			}
			n++
		}
	}
}

// errorOf ranges over the records until it has yielded n, calls then, and returns how
// many records came in all and the error that came last.
func errorOf(ctx context.Context, t *testing.T, s file, n int, then func()) (int, error) {
	t.Helper()
	yielded := 0
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
		if yielded++; yielded == n {
			then()
		}
	}
	return yielded, last
}

func TestContextEndsRecords(t *testing.T) {
	s := openFast(t)
	createMany(t, s, 10)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if n, err := errorOf(ctx, t, s, 5, cancel); n != 5 || !errors.Is(err, context.Canceled) {
		t.Errorf("Records yielded %d records and %v, want 5 and context.Canceled", n, err)
	}
}

// A damaged record ends the loop with an error, after the records before it.
func TestDamageEndsRecords(t *testing.T) {
	s := openFast(t)
	records := createMany(t, s, 2*boltstore.ReadStep)
	end, _, err := boltstore.Encode(damaged(t, s, func([]byte) []byte { return nil }))
	must(t, err)
	want := 0
	for _, record := range records {
		key, _, err := boltstore.Encode(record)
		must(t, err)
		if bytes.Compare(key, end) < 0 {
			want++
		}
	}
	n, err := errorOf(t.Context(), t, s, -1, nil)
	expectFailure(t, "Records", err, nil)
	if n != want {
		t.Errorf("Records yielded %d records, want %d", n, want)
	}
}

// So does a file that is closed by the loop's body, after what was read already.
func TestClosedFileEndsRecords(t *testing.T) {
	s := openFast(t)
	createMany(t, s, 2*boltstore.ReadStep)
	n, err := errorOf(t.Context(), t, s, 5, func() { must(t, s.db.Close()) })
	expectFailure(t, "Records", err, bolterrors.ErrDatabaseNotOpen)
	if n != boltstore.ReadStep {
		t.Errorf("Records yielded %d records, want %d", n, boltstore.ReadStep)
	}
}
