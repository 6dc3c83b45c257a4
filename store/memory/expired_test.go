package memorystore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

// createExpiring creates n records of n users, and so all over the store, in no order:
// the i-th record returned expires i milliseconds after epoch.
func createExpiring(t *testing.T, s *memorystore.Store, n int) []core.Record {
	records := make([]core.Record, n)
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		records[i] = newRecord(fmt.Sprintf("user-%d", i), after(-1), after(i))
		create(t, s, records[i], 0)
	}
	return records
}

// expectFirstGone fails the test unless the first n of the records are deleted and
// the others are not.
func expectFirstGone(t *testing.T, s *memorystore.Store, records []core.Record, n int) {
	t.Helper()
	for _, record := range records[:n] {
		expectGone(t, s, record.ID)
	}
	for _, record := range records[n:] {
		get(t, s, record.ID)
	}
}

func TestDeleteExpiredBeginsWithTheFirst(t *testing.T) {
	const total = 1000
	s := memorystore.New()
	records := createExpiring(t, s, total)
	deleted := 0
	for _, max := range []int{1, 2, 100, 397} {
		expectDeleted(t, s, after(total), max, max)
		deleted += max
		expectFirstGone(t, s, records, deleted)
	}
	expectDeleted(t, s, after(deleted), total, 0) // the next one expires at that moment
	expectDeleted(t, s, after(deleted+1), total, 1)
	expectDeleted(t, s, after(total), total, total-deleted-1)
	expectDeleted(t, s, after(total), total, 0)
}

func TestDeleteExpiredFollowsExchanges(t *testing.T) {
	const total = 1000
	s := memorystore.New()
	records := createExpiring(t, s, total)
	for i, record := range records { // the last becomes the first
		_, err := s.Exchange(t.Context(), core.Exchange{
			ID: record.ID, From: record.AccessRef, To: core.Ref{2}, At: after(-1), ExpiresAt: after(total - i),
		})
		must(t, err)
	}
	for i := range total {
		expectDeleted(t, s, after(total+1), 1, 1)
		expectGone(t, s, records[total-1-i].ID)
	}
}

// Calls that delete at once count each record once, and leave none that has expired.
func TestConcurrentDeleteExpired(t *testing.T) {
	const total = 6000
	s := memorystore.New()
	records := createExpiring(t, s, total)
	var deleted atomic.Int64
	together(func(int) {
		for n := 3; n == 3; {
			var err error
			if n, err = s.DeleteExpired(t.Context(), after(total/2), 3); err != nil {
				t.Error(err)
			}
			deleted.Add(int64(n))
		}
	})
	if deleted.Load() != total/2 {
		t.Errorf("%d records were deleted, want %d", deleted.Load(), total/2)
	}
	expectFirstGone(t, s, records, total/2)
}

// asked is a context that tells when a call asks whether it has ended.
type asked struct {
	context.Context
	by func() error
}

func (c asked) Err() error { return c.by() }

// A call that deletes many records lets other calls take their turn between any two.
func TestDeleteExpiredHoldsUpNoOtherCall(t *testing.T) {
	const total = 1000
	s := memorystore.New()
	records := createExpiring(t, s, total)
	turns := 0
	ctx := asked{t.Context(), func() error {
		turns++
		for _, record := range records {
			_, err := s.Exchange(t.Context(), core.Exchange{ID: record.ID, At: after(total), ExpiresAt: after(total)})
			if !errors.Is(err, core.ErrConflict) && !errors.Is(err, core.ErrNotFound) {
				t.Fatal(err)
			}
		}
		return nil
	}}
	if n, err := s.DeleteExpired(ctx, after(total), total); n != total || err != nil {
		t.Errorf("DeleteExpired: %d, %v, want %d", n, err, total)
	}
	if turns < total {
		t.Errorf("other calls had %d turns while %d records were deleted", turns, total)
	}
}

// A context that ends the call on its way leaves the other records.
func TestContextEndsDeleteExpired(t *testing.T) {
	s := memorystore.New()
	records := createExpiring(t, s, 100)
	turns := 0
	ctx := asked{t.Context(), func() error {
		if turns++; turns > 50 {
			return context.Canceled
		}
		return nil
	}}
	n, err := s.DeleteExpired(ctx, after(100), 100)
	if !errors.Is(err, context.Canceled) || n == 0 || n == 100 {
		t.Errorf("DeleteExpired: %d, %v, want some and context.Canceled", n, err)
	}
	expectFirstGone(t, s, records, n)
}
