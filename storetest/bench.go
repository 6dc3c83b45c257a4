package storetest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

const (
	// benchGoroutines is how many call at once where they are many.
	benchGoroutines = 64
	// benchSessions is how many records each user of a filled store has.
	benchSessions = 4
	// benchDeleted is how many records one DeleteExpired deletes.
	benchDeleted = 10
)

// Bench measures a store the way all stores are measured: each method that a schema
// calls often, on stores of the given sizes in records, called by one goroutine and by
// 64 at once. Its benchmarks are named
//
//	records=1000/Exchange/goroutines=64
//
// The sizes are at least 64, by default 1,000 and 100,000. open is called once for each
// and returns a store that holds nothing.
//
// Users have four sessions each, with a Device of 120 bytes and Data of 60. Create
// logs in a new user. Exchange leaves the expiry where it is, as without an idle
// timeout; ExchangeIdle moves it. Revoke revokes all sessions of a user who has one,
// ListUser lists four, and DeleteExpired deletes ten records.
func Bench(b *testing.B, open func(b *testing.B) core.RefreshStore, sizes ...int) {
	if len(sizes) == 0 {
		sizes = []int{1_000, 100_000}
	}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("records=%d", size), func(b *testing.B) {
			if size < benchGoroutines {
				b.Fatalf("storetest: a store of %d records is too small to measure: it needs %d", size, benchGoroutines)
			}
			s := &benchStore{RefreshStore: open(b), records: make([]core.Record, size)}
			s.fill(b)
			for _, bench := range []struct {
				name string
				run  func(b *testing.B, goroutines int)
			}{
				{"ListUser", s.listUser},
				{"Exchange", s.exchange},
				{"ExchangeIdle", s.exchangeIdle},
				{"Create", s.create},
				{"Revoke", s.revoke},
				{"DeleteExpired", s.deleteExpired},
			} {
				for _, goroutines := range []int{1, benchGoroutines} {
					b.Run(fmt.Sprintf("%s/goroutines=%d", bench.name, goroutines), func(b *testing.B) {
						bench.run(b, goroutines)
					})
				}
			}
		})
	}
}

// benchStore is a store and the records that it has been filled with, as they stand.
type benchStore struct {
	core.RefreshStore
	records []core.Record
	users   atomic.Int64 // how many names have been given out
	ticks   atomic.Int64 // moves the time of exchanges on
}

const (
	benchDevice = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0 xxxx"
	benchData   = `{"role":"admin","tenant":"4711","scopes":["read","write"],"n":1}`
)

// newRecord returns the record of a login that expires at that moment.
func (s *benchStore) newRecord(user string, expires time.Time) core.Record {
	record := newRecord(user, base)
	record.Device, record.Data = benchDevice[:120], []byte(benchData[:60])
	record.ExpiresAt = expires
	return record
}

func (s *benchStore) fill(b *testing.B) {
	b.Helper()
	for i := range s.records {
		// Few expire at the same moment.
		s.records[i] = s.newRecord(fmt.Sprintf("user %d", i/benchSessions), base.Add(lifetime+time.Duration(i)*time.Millisecond))
	}
	s.createAll(b, s.records)
}

// createAll stores the records as fast as the store lets many goroutines.
func (s *benchStore) createAll(b *testing.B, records []core.Record) {
	b.Helper()
	var next atomic.Int64
	var running sync.WaitGroup
	for range benchGoroutines {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(records)); i = next.Add(1) - 1 {
				if _, err := s.Create(b.Context(), records[i], 0); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

// newUsers stores b.N times so many records that have soon expired, each of a user of
// its own, and returns them.
func (s *benchStore) newUsers(b *testing.B, times int) []core.Record {
	b.Helper()
	records := make([]core.Record, b.N*times)
	for i := range records {
		records[i] = s.newRecord(fmt.Sprintf("new user %d", s.users.Add(1)), after(1))
	}
	s.createAll(b, records)
	b.Cleanup(func() { s.deleteAll(b) })
	return records
}

// deleteAll deletes the records that newUsers made, as far as the store does.
func (s *benchStore) deleteAll(b *testing.B) {
	b.Helper()
	for {
		n, err := s.DeleteExpired(context.WithoutCancel(b.Context()), after(2), everything)
		if err != nil {
			b.Error(err)
		}
		if n < everything {
			return
		}
	}
}

// measure makes b.N calls of f with the numbers from 0, by so many goroutines. The
// goroutine with the number g of n is told both.
func measure(b *testing.B, goroutines int, f func(ctx context.Context, call, g, n int) error) {
	b.Helper()
	ctx := b.Context()
	if goroutines == 1 {
		b.ResetTimer()
		for i := range b.N {
			if err := f(ctx, i, 0, 1); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
	processors := runtime.GOMAXPROCS(0)
	b.SetParallelism((goroutines + processors - 1) / processors)
	n := (goroutines + processors - 1) / processors * processors
	var calls, started atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		g := int(started.Add(1) - 1)
		for p.Next() {
			if err := f(ctx, int(calls.Add(1)-1), g, n); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func (s *benchStore) listUser(b *testing.B, goroutines int) {
	users := len(s.records) / benchSessions
	measure(b, goroutines, func(ctx context.Context, i, _, _ int) error {
		// Spread over the store, as users come.
		user := fmt.Sprintf("user %d", i*7919%users)
		records, err := s.ListUser(ctx, user, after(1))
		if err == nil && len(records) != benchSessions {
			err = fmt.Errorf("%d sessions of %s, want %d", len(records), user, benchSessions)
		}
		return err
	})
}

func (s *benchStore) exchange(b *testing.B, goroutines int) {
	s.exchangeTo(b, goroutines, func(t core.Record) time.Time { return t.ExpiresAt })
}

func (s *benchStore) exchangeIdle(b *testing.B, goroutines int) {
	s.exchangeTo(b, goroutines, func(t core.Record) time.Time { return t.ExpiresAt.Add(time.Millisecond) })
}

func (s *benchStore) exchangeTo(b *testing.B, goroutines int, expires func(t core.Record) time.Time) {
	// Each goroutine has sessions of its own, spread over the store.
	turns := make([]int, 2*benchGoroutines+runtime.GOMAXPROCS(0))
	measure(b, goroutines, func(ctx context.Context, _, g, n int) error {
		own := (len(s.records) - g + n - 1) / n
		t := &s.records[g+turns[g]*7919%own*n]
		turns[g]++
		x := next(*t, base.Add(time.Duration(s.ticks.Add(1))*time.Millisecond))
		x.ExpiresAt = expires(*t)
		r, err := s.Exchange(ctx, x)
		*t = r
		return err
	})
}

func (s *benchStore) create(b *testing.B, goroutines int) {
	records := make([]core.Record, b.N)
	for i := range records {
		records[i] = s.newRecord(fmt.Sprintf("new user %d", s.users.Add(1)), after(1))
	}
	b.Cleanup(func() { s.deleteAll(b) })
	measure(b, goroutines, func(ctx context.Context, i, _, _ int) error {
		_, err := s.Create(ctx, records[i], benchSessions)
		return err
	})
}

func (s *benchStore) revoke(b *testing.B, goroutines int) {
	records := s.newUsers(b, 1)
	measure(b, goroutines, func(ctx context.Context, i, _, _ int) error {
		revoked, err := s.Revoke(ctx, core.Revocation{UserID: records[i].UserID, At: base.Add(time.Minute)})
		if err == nil && len(revoked) != 1 {
			err = fmt.Errorf("%d sessions revoked, want 1", len(revoked))
		}
		return err
	})
}

func (s *benchStore) deleteExpired(b *testing.B, goroutines int) {
	s.createAll(b, []core.Record{s.newRecord("somebody", after(1)), s.newRecord("else", after(1))})
	if n, err := s.DeleteExpired(b.Context(), after(2), 2); n == 0 && err == nil {
		b.Skip("the store's records go by themselves: there is nothing to measure")
	}
	s.newUsers(b, benchDeleted)
	measure(b, goroutines, func(ctx context.Context, _, _, _ int) error {
		n, err := s.DeleteExpired(ctx, after(2), benchDeleted)
		if err == nil && n != benchDeleted {
			err = fmt.Errorf("%d records deleted, want %d", n, benchDeleted)
		}
		return err
	})
}
