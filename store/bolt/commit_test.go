package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

func TestCallsThatWaitShareATransaction(t *testing.T) {
	for calls, want := range map[int]int{1: 1, 2: 1, 50: 1, boltstore.MaxShared: 1, boltstore.MaxShared + 1: 2, 2*boltstore.MaxShared + 1: 3} {
		t.Run(fmt.Sprint(calls), func(t *testing.T) {
			s := open(t)
			before := commits(t, s.db)
			release := hold(t, s.db)
			records := make([]core.Record, calls)
			var running sync.WaitGroup
			for i := range records {
				records[i] = newRecord(fmt.Sprint("user ", i), epoch, after(10))
				running.Go(func() { create(t, s, records[i], 1) })
			}
			waitFor(s.Store, calls)
			release()
			running.Wait()
			if got := commits(t, s.db) - before; got != want {
				t.Errorf("%d calls took %d transactions, want %d", calls, got, want)
			}
			for _, record := range records {
				expect(t, s, record)
			}
		})
	}
}

// Calls that follow one another have a transaction each: none waits for company.
func TestCallsOfOneCallerShareNothing(t *testing.T) {
	s := open(t)
	before := commits(t, s.db)
	for range 5 {
		create(t, s, newRecord("ann", epoch, after(10)), 0)
	}
	if got := commits(t, s.db) - before; got != 5 {
		t.Errorf("5 calls took %d transactions", got)
	}
}

func TestCallsThatChangeNothingCommitNothing(t *testing.T) {
	s := open(t)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	revoke(t, s, core.Revocation{ID: record.ID, At: epoch})
	before := commits(t, s.db)
	ctx := t.Context()
	_, conflict := s.Exchange(ctx, next(record, epoch))
	_, notFound := s.Exchange(ctx, core.Exchange{ID: core.NewRecordID("ann")})
	_, exists := s.Create(ctx, record, 1)
	_, revoked := s.Revoke(ctx, core.Revocation{ID: record.ID, At: after(1)})
	_, revokedUser := s.Revoke(ctx, core.Revocation{UserID: "ann", At: after(1)})
	_, revokedNone := s.Revoke(ctx, core.Revocation{ID: core.NewRecordID("ann"), At: after(1)})
	_, deleteExpired := s.DeleteExpired(ctx, after(10), 1)
	for _, c := range []struct {
		call      string
		got, want error
	}{
		{"a conflict", conflict, core.ErrConflict},
		{"an exchange of no record", notFound, core.ErrNotFound},
		{"a second login with one id", exists, core.ErrExists},
		{"a second revocation", revoked, nil},
		{"a second revocation of a user", revokedUser, nil},
		{"a revocation of no record", revokedNone, nil},
		{"a deletion of none", deleteExpired, nil},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.call, c.got, c.want)
		}
	}
	if got := commits(t, s.db) - before; got != 0 {
		t.Errorf("%d transactions were committed", got)
	}
}

// Each of the calls is in one transaction with the others: those that fail, even
// halfway, fail alone and leave nothing.
func TestFailuresFailNoOther(t *testing.T) {
	failure := errors.New("failure")
	for name, fail := range map[string]func(put func(string)) error{
		"before it writes": func(func(string)) error { return failure },
		"after it has written": func(put func(string)) error {
			put("half of it")
			return failure
		},
		"by a panic": func(func(string)) error { panic(failure) },
		"by a panic after it has written": func(put func(string)) error {
			put("half of it")
			panic(failure)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			release := hold(t, s.db)
			records := make([]core.Record, 10)
			var calls sync.WaitGroup
			for i := range records {
				records[i] = newRecord(fmt.Sprint("user ", i), epoch, after(10))
				calls.Go(func() { create(t, s, records[i], 1) })
				calls.Go(func() {
					err := s.Write(t.Context(), fail)
					if err == nil || !strings.Contains(err.Error(), failure.Error()) {
						t.Errorf("a call that fails: %v", err)
					}
				})
			}
			waitFor(s.Store, 2*len(records))
			release()
			calls.Wait()
			for _, record := range records {
				expect(t, s, record)
			}
			must(t, s.db.View(func(tx *bbolt.Tx) error {
				if tx.Bucket(bucket("expiry")).Get([]byte("half of it")) != nil {
					t.Error("a call that failed has left half of what it wrote")
				}
				return nil
			}))
			create(t, s, newRecord("ann", epoch, after(10)), 1)
		})
	}
}

// smallFile returns a store whose file can't grow, a record in it, and a call that
// writes more than there is room for.
func smallFile(t *testing.T) (s file, record core.Record, tooLarge func() error) {
	s = openAs(t, filepath.Join(t.TempDir(), "tokens.db"), &bbolt.Options{MaxSize: 1 << 16})
	record = newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	return s, record, func() error {
		return s.Write(t.Context(), func(put func(string)) error {
			for i := range 10_000 {
				put(fmt.Sprint(i))
			}
			return nil
		})
	}
}

// Where the transaction of two exchanges of one mapping can't be committed, the
// second has no conflict either: the first has not taken place.
func TestFailedCommitFailsEveryCallInIt(t *testing.T) {
	s, record, tooLarge := smallFile(t)
	release := hold(t, s.db)
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() {
			_, err := s.Exchange(t.Context(), next(record, epoch))
			expectFailure(t, "Exchange", err, bolterrors.ErrMaxSizeReached)
		})
	}
	calls.Go(func() { expectFailure(t, "a call that writes too much", tooLarge(), bolterrors.ErrMaxSizeReached) })
	waitFor(s.Store, 3)
	release()
	calls.Wait()

	expect(t, s, record)
	_, err := s.Exchange(t.Context(), next(record, epoch))
	must(t, err)
}

// Calls that are run apart, because one of them failed halfway, each get the error
// of their own transaction.
func TestCallsRunApartFailApart(t *testing.T) {
	s, record, tooLarge := smallFile(t)
	release := hold(t, s.db)
	var calls sync.WaitGroup
	calls.Go(func() {
		err := s.Write(t.Context(), func(put func(string)) error {
			put("half of it")
			return errors.New("failure")
		})
		expectFailure(t, "a call that fails", err, nil)
	})
	calls.Go(func() { expectFailure(t, "a call that writes too much", tooLarge(), bolterrors.ErrMaxSizeReached) })
	calls.Go(func() {
		var err error
		record, err = s.Exchange(t.Context(), next(record, epoch))
		check(t, err)
	})
	waitFor(s.Store, 3)
	release()
	calls.Wait()
	expect(t, s, record)
}

func TestContextEndsACallThatWaits(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := hold(t, s.db)
	first, second, third := newRecord("ann", epoch, after(10)), newRecord("bob", epoch, after(10)), newRecord("eve", epoch, after(10))
	var calls sync.WaitGroup
	calls.Go(func() { create(t, s, first, 0) })
	waitFor(s.Store, 1) // it leads: it waits for the file itself
	waits := make(chan error)
	go func() {
		_, err := s.Create(ctx, second, 0)
		waits <- err
	}()
	waitFor(s.Store, 2)
	calls.Go(func() { create(t, s, third, 0) })
	waitFor(s.Store, 3)

	cancel()
	if err := <-waits; !errors.Is(err, context.Canceled) { // though the file is still held
		t.Errorf("Create: %v, want context.Canceled", err)
	}
	release()
	calls.Wait()
	expect(t, s, first)
	expectGone(t, s, second.ID)
	expect(t, s, third)
}

// The call that waits for the file itself returns when it has the file, and then has
// changed nothing either.
func TestContextEndsTheCallThatLeads(t *testing.T) {
	for _, others := range []int{0, 1, 10} {
		s := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		release := hold(t, s.db)
		record := newRecord("ann", epoch, after(10))
		leads := make(chan error, 1)
		go func() {
			_, err := s.Create(ctx, record, 0)
			leads <- err
		}()
		waitFor(s.Store, 1)
		cancel()
		var calls sync.WaitGroup
		for range others {
			calls.Go(func() { create(t, s, newRecord("bob", epoch, after(10)), 0) })
		}
		waitFor(s.Store, 1+others)
		release()
		if err := <-leads; !errors.Is(err, context.Canceled) {
			t.Errorf("Create: %v, want context.Canceled", err)
		}
		calls.Wait()
		expectGone(t, s, record.ID)
		if list, err := s.ListUser(t.Context(), "bob", epoch); err != nil || len(list) != others {
			t.Errorf("%d of the %d other calls succeeded, %v", len(list), others, err)
		}
	}
}

// The context of a call can end just when the call is to lead the others: they are
// not forgotten.
func TestContextEndsACallThatIsToLead(t *testing.T) {
	// On one processor the call hears of both at once.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 20 {
		s := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		record := newRecord("bob", epoch, after(10))
		var calls sync.WaitGroup
		must(t, s.Write(t.Context(), func(func(string)) error { // the first leads
			calls.Go(func() {
				if err := s.Write(ctx, func(func(string)) error { return nil }); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
			waitFor(s.Store, 1)
			calls.Go(func() { create(t, s, record, 0) })
			waitFor(s.Store, 2)
			cancel()
			return nil
		}))
		calls.Wait()
		expect(t, s, record)
	}
}

// Whenever its context ends, a call has changed everything or nothing, and says
// which.
func TestContextsThatEndAtAnyMoment(t *testing.T) {
	s := open(t)
	var goroutines sync.WaitGroup
	for g := range 32 {
		goroutines.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 0))
			for range 30 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(2_000_000)))
				record := newRecord("ann", epoch, after(10))
				_, err := s.Create(ctx, record, 0)
				cancel()
				switch {
				case err == nil:
					_, err = s.Get(t.Context(), record.ID)
					check(t, err)
				case errors.Is(err, context.DeadlineExceeded):
					expectGone(t, s, record.ID)
				default:
					t.Error(err)
				}
			}
		})
	}
	goroutines.Wait()
	create(t, s, newRecord("ann", epoch, after(10)), 0)
}

func TestStoresOfOneDatabaseKeepTheContractTogether(t *testing.T) {
	s := open(t)
	other, err := boltstore.New(s.db, boltstore.Options{})
	must(t, err)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	var won sync.Map
	var calls sync.WaitGroup
	for i := range 32 {
		store := []*boltstore.Store{s.Store, other}[i%2]
		calls.Go(func() {
			x := next(record, epoch)
			x.To[0] = byte(i)
			if _, err := store.Exchange(t.Context(), x); err == nil {
				won.Store(i, x.To)
			} else if !errors.Is(err, core.ErrConflict) {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	n := 0
	won.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d exchanges of one mapping succeeded, want 1", n)
	}
}
