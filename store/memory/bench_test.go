package memorystore_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

// Each benchmark runs on stores of these sizes: what the call costs must not
// grow with the store.
var benchSizes = []int{1e3, 1e6}

const (
	benchGoroutines = 64
	lifetime        = 7 * 24 * time.Hour
)

// population is a store and its records, one for each user, issued a
// millisecond apart.
type population struct {
	store *memorystore.Store
	ids   []string
	last  time.Time // when the last was issued
}

func populate(b *testing.B, size int, device, data string) *population {
	p := &population{store: memorystore.New(), ids: make([]string, size), last: epoch}
	for i := range p.ids {
		p.ids[i] = core.NewRecordID(benchUser(i))
	}
	for i := range p.ids {
		t := p.next(i)
		t.Device, t.Data = device, []byte(data)
		create(b, p.store, t, 1)
	}
	return p
}

// next returns a record for the user i, to be issued a millisecond after the last.
func (p *population) next(i int) core.Record {
	p.last = p.last.Add(time.Millisecond)
	return core.Record{
		ID: p.ids[i], UserID: benchUser(i), Device: "Firefox on Linux", Data: []byte(`{"role":"admin"}`),
		IssuedAt: p.last, ExchangedAt: p.last, ExpiresAt: p.last.Add(lifetime),
	}
}

func benchUser(i int) string { return fmt.Sprintf("user-%d", i) }

// sample returns a record for each goroutine, from all over the store: as many for
// every size, so that it is the store that grows and not the memory in use.
func (p *population) sample() []string {
	sample := make([]string, 0, benchGoroutines)
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(p.ids))[:benchGoroutines] {
		sample = append(sample, strings.Clone(p.ids[i]))
	}
	return sample
}

func eachSize(b *testing.B, f func(b *testing.B, p *population)) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("records=%d", size), func(b *testing.B) {
			f(b, populate(b, size, "Firefox on Linux", `{"role":"admin"}`))
		})
	}
}

// parallel calls op from many goroutines, telling each which it is.
func parallel(b *testing.B, op func(goroutine, i int)) {
	var goroutines atomic.Int64
	b.SetParallelism(benchGoroutines / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		goroutine := int(goroutines.Add(1) - 1)
		for i := 0; pb.Next(); i++ {
			op(goroutine, i)
		}
	})
}

// session exchanges one record again and again. It is not safe for concurrent use.
type session struct {
	store *memorystore.Store
	next  core.Exchange
}

func newSessions(p *population, ids []string) []*session {
	sessions := make([]*session, len(ids))
	for i, id := range ids {
		sessions[i] = &session{p.store, core.Exchange{ID: id, At: p.last, ExpiresAt: p.last.Add(lifetime)}}
	}
	return sessions
}

// exchange reports whether it succeeded, which it does unless the record has moved
// meanwhile. Every exchange moves the record's expiry, as an idle timeout makes it.
func (s *session) exchange(b *testing.B) bool {
	s.next.At = s.next.At.Add(time.Millisecond)
	s.next.ExpiresAt = s.next.ExpiresAt.Add(time.Millisecond)
	s.next.To[0]++
	t, err := s.store.Exchange(b.Context(), s.next)
	s.next.Generation, s.next.From = t.Generation, t.AccessRef
	return err == nil
}

func BenchmarkExchange(b *testing.B) {
	eachSize(b, func(b *testing.B, p *population) {
		sample := p.sample()
		b.Run("sequential", func(b *testing.B) {
			b.ReportAllocs()
			sessions := newSessions(p, sample)
			i := 0
			for b.Loop() {
				sessions[i%len(sessions)].exchange(b)
				i++
			}
		})
		b.Run("goroutines=64", func(b *testing.B) {
			sessions := newSessions(p, sample)
			parallel(b, func(goroutine, _ int) { sessions[goroutine].exchange(b) })
		})
		b.Run("one-record/goroutines=64", func(b *testing.B) {
			id := sample[:1]
			sessions := make([]*session, benchGoroutines)
			for i := range sessions {
				sessions[i] = newSessions(p, id)[0]
			}
			var won atomic.Int64
			parallel(b, func(goroutine, _ int) {
				if sessions[goroutine].exchange(b) {
					won.Add(1)
				}
			})
			b.ReportMetric(float64(won.Load())/float64(b.N), "won/op")
		})
		// With a million records each call waits for main memory, which the
		// caches spare it in a store of a thousand.
		b.Run("any-record", func(b *testing.B) {
			sessions := newSessions(p, p.ids)
			random := rand.New(rand.NewPCG(1, 2))
			for b.Loop() {
				sessions[random.IntN(len(sessions))].exchange(b)
			}
		})
	})
}

// BenchmarkCreate logs users in again, one session each: every call revokes the
// session before. The store keeps its size: as many records as come are deleted.
// That and the making of ids is part of the figure.
func BenchmarkCreate(b *testing.B) {
	const step = 500
	eachSize(b, func(b *testing.B, p *population) {
		var mu sync.Mutex
		created := 0
		login := func() core.Record {
			mu.Lock()
			defer mu.Unlock()
			i := created % len(p.ids)
			created++
			p.ids[i] = core.NewRecordID(benchUser(i))
			return p.next(i)
		}
		create := func() {
			t := login()
			create(b, p.store, t, 1)
			if t.IssuedAt.UnixMilli()%step == 0 {
				_, err := p.store.DeleteExpired(b.Context(), epoch.Add(2*lifetime), step)
				must(b, err)
			}
		}
		b.Run("sequential", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				create()
			}
		})
		b.Run("goroutines=64", func(b *testing.B) {
			parallel(b, func(_, _ int) { create() })
		})
	})
}

// BenchmarkManyLogins logs one user in 100,000 times, with a limit of 1, in a store of
// other users: the last logins must cost what the first cost.
func BenchmarkManyLogins(b *testing.B) {
	const logins, part = 100_000, 1000
	for b.Loop() {
		b.StopTimer()
		p := populate(b, 100_000, "Firefox on Linux", `{"role":"admin"}`)
		b.StartTimer()
		var first, last time.Duration
		for i := range logins {
			p.ids[0] = core.NewRecordID(benchUser(0))
			r := p.next(0)
			start := time.Now()
			create(b, p.store, r, 1)
			switch took := time.Since(start); {
			case i < part:
				first += took
			case i >= logins-part:
				last += took
			}
		}
		b.ReportMetric(float64(first)/part, "first-ns/login")
		b.ReportMetric(float64(last)/part, "last-ns/login")
	}
}

func BenchmarkListUser(b *testing.B) {
	eachSize(b, func(b *testing.B, p *population) {
		benchUsers(b, func(user string) {
			_, err := p.store.ListUser(b.Context(), user, p.last)
			must(b, err)
		})
	})
}

// BenchmarkRevoke revokes each user's record the first time, and finds nothing to
// revoke after that.
func BenchmarkRevoke(b *testing.B) {
	eachSize(b, func(b *testing.B, p *population) {
		benchUsers(b, func(user string) {
			_, err := p.store.Revoke(b.Context(), core.Revocation{UserID: user, At: p.last})
			must(b, err)
		})
	})
}

func benchUsers(b *testing.B, op func(user string)) {
	users := make([]string, benchGoroutines)
	for i := range users {
		users[i] = benchUser(i)
	}
	b.Run("sequential", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			op(users[i%len(users)])
			i++
		}
	})
	b.Run("goroutines=64", func(b *testing.B) {
		parallel(b, func(goroutine, i int) { op(users[(goroutine+i)%len(users)]) })
	})
}

// BenchmarkDeleteExpired deletes a step of records from a store of the size, and puts as
// many new ones in their place while the clock stands.
func BenchmarkDeleteExpired(b *testing.B) {
	eachSize(b, func(b *testing.B, p *population) {
		for _, step := range []int{1, 500} {
			b.Run(fmt.Sprintf("max=%d", step), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					n, err := p.store.DeleteExpired(b.Context(), epoch.Add(2*lifetime), step)
					must(b, err)
					if n != step {
						b.Fatalf("deleted %d records, want %d", n, step)
					}
					b.StopTimer()
					for i := range step {
						p.ids[i] = core.NewRecordID(benchUser(i))
						create(b, p.store, p.next(i), 0)
					}
					b.StartTimer()
				}
			})
		}
		b.Run("none-expired", func(b *testing.B) {
			for b.Loop() {
				_, err := p.store.DeleteExpired(b.Context(), epoch, 500)
				must(b, err)
			}
		})
		b.Run("none-expired/goroutines=64", func(b *testing.B) {
			parallel(b, func(_, _ int) {
				_, err := p.store.DeleteExpired(b.Context(), epoch, 500)
				must(b, err)
			})
		})
	})
}

// BenchmarkMemory reports what a session takes, and times full collections.
func BenchmarkMemory(b *testing.B) {
	const size = 1e6
	browser := "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36"
	for _, bench := range []struct{ name, device, data string }{
		{"short", "Firefox on Linux", `{"role":"admin"}`},
		{"browser", browser, `{"role":"admin","tenant":"` + strings.Repeat("t", 36) + `"}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			before := heapInUse()
			p := populate(b, size, bench.device, bench.data)
			p.ids = nil
			used := heapInUse() - before
			for b.Loop() {
				runtime.GC()
			}
			b.ReportMetric(float64(used)/size, "B/record")
			runtime.KeepAlive(p.store)
		})
	}
}
