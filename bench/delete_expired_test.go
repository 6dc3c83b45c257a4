package bench

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// How measureDeletion goes about it.
const (
	deletionStep       = 500 // records that one call deletes, as core.RunCleanup does
	deletionGoroutines = 64  // that exchange meanwhile
	deletionSessions   = 100 // live sessions of each goroutine
	deletionAlone      = 10 * time.Second
)

// deletionStart is when the sessions of measureDeletion begin.
var deletionStart = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// measureDeletion reports what deleting expired records costs those who use the store
// meanwhile. It fills an empty store with so many expired records, and with live ones of
// 64 goroutines that exchange them all the time: for 10 seconds without a deletion, then
// while DeleteExpired deletes all expired records, 500 a call, without a pause, and for
// another 10 seconds after that. It reports the median, the 99th percentile and the longest
// of the exchanges of each time, and how many records were deleted a second.
//
// fill stores records of different users. If it is nil, Create does. It measures
// once, whatever b.N is: run it with -benchtime 1x.
func measureDeletion(b *testing.B, store core.RefreshStore, expired int, fill func(records []core.Record) error) {
	b.Helper()
	if fill == nil {
		fill = func(records []core.Record) error { return createAll(b, store, records) }
	}
	fillInSteps(b, expired, fill, func(i int) core.Record {
		return deletionRecord(fmt.Sprint("expired-", i), deletionStart.Add(time.Duration(i)*time.Millisecond), time.Hour)
	})
	now := deletionStart.Add(365 * 24 * time.Hour)
	sessions := make([]core.Exchange, deletionGoroutines*deletionSessions)
	fillInSteps(b, len(sessions), fill, func(i int) core.Record {
		r := deletionRecord(fmt.Sprint("live-", i), now, 7*24*time.Hour)
		sessions[i] = core.Exchange{ID: r.ID, From: r.AccessRef, At: now, ExpiresAt: r.ExpiresAt}
		return r
	})

	stop := make(chan struct{})
	time.AfterFunc(deletionAlone, func() { close(stop) })
	report(b, "alone", exchangeUntil(b, store, sessions, stop))

	stop = make(chan struct{})
	deleted, start := 0, time.Now()
	var took time.Duration
	go func() {
		defer close(stop)
		for {
			n, err := store.DeleteExpired(b.Context(), now, deletionStep)
			deleted += n
			if err != nil {
				b.Error("delete expired:", err)
			}
			if err != nil || n < deletionStep {
				took = time.Since(start)
				return
			}
		}
	}()
	report(b, "deleting", exchangeUntil(b, store, sessions, stop))
	if deleted != expired {
		b.Fatalf("deleted %d records, want %d", deleted, expired)
	}
	b.ReportMetric(float64(deleted)/took.Seconds(), "deleted/s")

	stop = make(chan struct{})
	time.AfterFunc(deletionAlone, func() { close(stop) })
	report(b, "after", exchangeUntil(b, store, sessions, stop))
	b.ReportMetric(0, "ns/op")
}

func deletionRecord(userID string, issuedAt time.Time, lifetime time.Duration) core.Record {
	return core.Record{
		ID: core.NewRecordID(userID), UserID: userID, AccessRef: core.Ref{1},
		Device: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Data: []byte(`{"role":"admin"}`),
		IssuedAt: issuedAt, ExchangedAt: issuedAt, ExpiresAt: issuedAt.Add(lifetime),
	}
}

// fillInSteps stores n records, 1000 at a time.
func fillInSteps(b *testing.B, n int, fill func([]core.Record) error, record func(i int) core.Record) {
	b.Helper()
	for first := 0; first < n; first += 1000 {
		var records []core.Record
		for i := first; i < min(first+1000, n); i++ {
			records = append(records, record(i))
		}
		if err := fill(records); err != nil {
			b.Fatal("fill the store:", err)
		}
	}
}

// createAll creates the records at once, as stores that share transactions like it.
func createAll(b *testing.B, store core.RefreshStore, records []core.Record) error {
	var creating sync.WaitGroup
	var mu sync.Mutex
	var failure error
	for share := range slices.Chunk(records, max(1, len(records)/256)) {
		creating.Go(func() {
			for _, r := range share {
				if _, err := store.Create(b.Context(), r, 0); err != nil {
					mu.Lock()
					failure = err
					mu.Unlock()
				}
			}
		})
	}
	creating.Wait()
	return failure
}

// exchangeUntil exchanges the sessions in 64 goroutines, each its own, until stop is
// closed, and returns how long each exchange took. The first of each goroutine is
// not counted.
func exchangeUntil(b *testing.B, store core.RefreshStore, sessions []core.Exchange, stop <-chan struct{}) []time.Duration {
	took := make([][]time.Duration, deletionGoroutines)
	var running sync.WaitGroup
	for g := range took {
		running.Go(func() {
			own := sessions[g*deletionSessions:][:deletionSessions]
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				x := &own[i%len(own)]
				x.To[0]++
				start := time.Now()
				r, err := store.Exchange(b.Context(), *x)
				if err != nil {
					b.Error("exchange:", err)
					return
				}
				x.Generation, x.From = r.Generation, r.AccessRef
				if i > 0 {
					took[g] = append(took[g], time.Since(start))
				}
			}
		})
	}
	running.Wait()
	return slices.Concat(took...)
}

// report reports the median, the 99th percentile and the longest, in microseconds.
func report(b *testing.B, when string, took []time.Duration) {
	if len(took) == 0 {
		b.Fatal("no exchange was made:", when)
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(int(share*float64(len(took))), len(took)-1)]) / float64(time.Microsecond)
	}
	b.ReportMetric(at(0.5), when+"-p50-µs")
	b.ReportMetric(at(0.99), when+"-p99-µs")
	b.ReportMetric(at(1), when+"-max-µs")
}
