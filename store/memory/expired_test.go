package memorystore_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
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
		records[i] = newToken(fmt.Sprintf("user-%d", i), after(-1), after(i))
		must(t, s.Create(t.Context(), records[i], 0))
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

// However many delete at once, the records that go are those that expired first.
func TestConcurrentDeleteExpired(t *testing.T) {
	const calls, max = 200, 1
	const total = 2 * goroutines * calls * max
	s := memorystore.New()
	records := createExpiring(t, s, total)
	together(func(int) {
		for range calls {
			if n, err := s.DeleteExpired(t.Context(), after(total), max); n != max || err != nil {
				t.Errorf("DeleteExpired returned %d and %v, want %d", n, err, max)
			}
		}
	})
	expectFirstGone(t, s, records, total/2)
}

// Records are created in the order of their expiry while others are deleted: a
// record that is left must have none after it that is gone.
func TestDeleteExpiredBesideCreate(t *testing.T) {
	const total = 2000
	s := memorystore.New()
	records := make([]core.Record, total)
	for i := range records {
		records[i] = newToken(fmt.Sprintf("user-%d", i), after(-1), after(i))
	}
	var wg sync.WaitGroup
	var created atomic.Int64
	wg.Go(func() {
		for _, record := range records {
			if err := s.Create(t.Context(), record, 0); err != nil {
				t.Error(err)
			}
			created.Add(1)
		}
	})
	deleted := 0
	for created.Load() < total {
		n, err := s.DeleteExpired(t.Context(), after(total), 1)
		must(t, err)
		deleted += n
	}
	wg.Wait()
	expectFirstGone(t, s, records, deleted)
}
