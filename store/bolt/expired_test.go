package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
)

// createExpiring creates n records of n users, in no order: the i-th record returned
// expires i milliseconds after epoch.
func createExpiring(t *testing.T, s file, n int) []core.Record {
	t.Helper()
	records := make([]core.Record, n)
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		records[i] = newRecord(fmt.Sprint("user ", i), after(-1), after(i))
		create(t, s, records[i], 0)
	}
	return records
}

// expectFirstGone fails the test unless the first n of the records are deleted and
// the others are not.
func expectFirstGone(t *testing.T, s file, records []core.Record, n int) {
	t.Helper()
	for _, record := range records[:n] {
		expectGone(t, s, record.ID)
	}
	for _, record := range records[n:] {
		expect(t, s, record)
	}
}

func TestDeleteExpiredBeginsWithTheFirst(t *testing.T) {
	const total = 300
	s := openFast(t)
	records := createExpiring(t, s, total)
	deleted := 0
	for _, c := range []struct{ before, max, want int }{
		{total, 1, 1},
		{total, boltstore.DeleteStep, boltstore.DeleteStep},
		{total, 3*boltstore.DeleteStep + 5, 3*boltstore.DeleteStep + 5},
		{100, total, 100 - 4*boltstore.DeleteStep - 6},
		{100, total, 0}, // the next one expires at that moment
		{101, total, 1},
		{total, total, total - 101},
		{total, total, 0},
	} {
		n, err := s.DeleteExpired(t.Context(), after(c.before), c.max)
		if n != c.want || err != nil {
			t.Fatalf("DeleteExpired(%d, %d): %d, %v, want %d", c.before, c.max, n, err, c.want)
		}
		deleted += n
		expectFirstGone(t, s, records, deleted)
	}
}

// A call that deletes many records does so in many transactions, so that other calls
// wait for a few deletions at most.
func TestDeleteExpiredTakesSmallSteps(t *testing.T) {
	const steps = 5
	s := openFast(t)
	createExpiring(t, s, steps*boltstore.DeleteStep)
	before := commits(t, s.db)
	_, err := s.DeleteExpired(t.Context(), after(1000), 1000)
	must(t, err)
	if got := commits(t, s.db) - before; got != steps {
		t.Errorf("%d records were deleted in %d transactions, want %d", steps*boltstore.DeleteStep, got, steps)
	}
}

// asked is a context that tells when a call asks whether it has ended.
type asked struct {
	context.Context
	by func() error
}

func (c asked) Err() error { return c.by() }

// A context that ends the call on its way leaves the other records.
func TestContextEndsDeleteExpired(t *testing.T) {
	s := openFast(t)
	records := createExpiring(t, s, 10*boltstore.DeleteStep)
	turns := 0
	ctx := asked{t.Context(), func() error {
		if turns++; turns > 6 {
			return context.Canceled
		}
		return nil
	}}
	n, err := s.DeleteExpired(ctx, after(len(records)), len(records))
	if !errors.Is(err, context.Canceled) || n == 0 || n == len(records) {
		t.Errorf("DeleteExpired: %d, %v, want some and context.Canceled", n, err)
	}
	expectFirstGone(t, s, records, n)
}
