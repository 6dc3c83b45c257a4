package bench

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	"go.etcd.io/bbolt"
)

const (
	boltGoroutines = 64
	boltLifetime   = 7 * 24 * time.Hour
)

// boltStart is when the sessions of these benchmarks begin.
var boltStart = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// BenchmarkBolt measures an exchange in a file, of sessions drawn from the whole of
// it, and beside it on the same disk its floor: the Update of one value of 200
// bytes, the size of a record, in a file of as many values. Below that lies Sync, a
// page written and its fdatasync, of which a commit needs two. ExchangeIdle moves the
// session's expiry too, as an idle timeout makes it.
func BenchmarkBolt(b *testing.B) {
	b.Run("Sync", benchmarkSync)
	for _, records := range []int{1e3, 1e5, 1e6} {
		b.Run(fmt.Sprintf("records=%d", records), func(b *testing.B) {
			floor := newBoltFloor(b, records)
			s := newBoltSessions(b, records)
			for _, op := range []struct {
				name string
				run  func(b *testing.B, goroutine int)
			}{
				{"Update", floor.update},
				{"Exchange", s.exchange},
				{"ExchangeIdle", s.exchangeIdle},
			} {
				b.Run(op.name+"/sequential", func(b *testing.B) {
					for b.Loop() {
						op.run(b, 0)
					}
				})
				b.Run(op.name+"/goroutines=64", func(b *testing.B) {
					inGoroutines(boltGoroutines, b.N, func(goroutine, _ int) { op.run(b, goroutine) })
				})
			}
			b.Run("Size", func(b *testing.B) {
				b.ReportMetric(float64(s.size)/float64(records), "B/session")
				b.ReportMetric(0, "ns/op")
			})
		})
	}
}

// BenchmarkBoltDeleteExpired deletes a million expired records from a file in which 64
// goroutines exchange.
func BenchmarkBoltDeleteExpired(b *testing.B) {
	db := openBolt(b)
	store, err := boltstore.New(db, boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	measureDeletion(b, store, 1e6, func(records []core.Record) error {
		db.NoSync = true
		defer func() { db.NoSync = false }()
		return createAll(b, store, records)
	})
}

// BenchmarkBoltManyLogins logs one user in 100,000 times, with a limit of 1, and times
// the first and the last 1,000 of the logins: they must cost the same. It reports how
// large the file is then, too.
func BenchmarkBoltManyLogins(b *testing.B) {
	const logins, part = 100_000, 1000
	db := openBolt(b)
	db.NoSync = true // so that it is not the disk that is measured
	store, err := boltstore.New(db, boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var first, last time.Duration
	for i := range logins {
		r := boltSession(0)
		r.IssuedAt = r.IssuedAt.Add(time.Duration(i) * time.Millisecond)
		start := time.Now()
		if _, err := store.Create(b.Context(), r, 1); err != nil {
			b.Fatal(err)
		}
		switch took := time.Since(start); {
		case i < part:
			first += took
		case i >= logins-part:
			last += took
		}
	}
	b.ReportMetric(float64(first)/part, "first-ns/login")
	b.ReportMetric(float64(last)/part, "last-ns/login")
	b.ReportMetric(0, "ns/op")
	err = db.View(func(tx *bbolt.Tx) error {
		b.ReportMetric(float64(tx.Size()), "B")
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMemoryDeleteExpired is BenchmarkBoltDeleteExpired in memory.
func BenchmarkMemoryDeleteExpired(b *testing.B) {
	measureDeletion(b, memorystore.New(), 1e6, nil)
}

// inGoroutines shares the numbers below n between so many goroutines, telling f
// which one calls.
func inGoroutines(goroutines, n int, f func(goroutine, i int)) {
	var next atomic.Int64
	var running sync.WaitGroup
	for goroutine := range goroutines {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(goroutine, int(i))
			}
		})
	}
	running.Wait()
}

func benchmarkSync(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	page := random(4096)
	for range 256 {
		file.Write(page)
	}
	i := int64(0)
	for b.Loop() {
		if _, err := file.WriteAt(page, i%256*4096); err != nil {
			b.Fatal(err)
		}
		if err := fdatasync(file); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func openBolt(b *testing.B) *bbolt.DB {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "file"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

// boltFloor is a file of values of 200 bytes under random keys.
type boltFloor struct {
	db      *bbolt.DB
	records uint64
}

var boltBucket = []byte("values")

func boltFloorKey(i uint64) []byte {
	random := rand.New(rand.NewPCG(i, 0))
	key := make([]byte, 25)
	for i := range 3 {
		binary.BigEndian.PutUint64(key[8*i:], random.Uint64())
	}
	return key
}

func newBoltFloor(b *testing.B, records int) *boltFloor {
	f := &boltFloor{openBolt(b), uint64(records)}
	f.db.NoSync = true
	for i := 0; i < records; {
		err := f.db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists(boltBucket)
			for n := 0; n < 10_000 && i < records && err == nil; n++ {
				err = bucket.Put(boltFloorKey(uint64(i)), random(200))
				i++
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	f.db.NoSync = false
	if err := f.db.Sync(); err != nil {
		b.Fatal(err)
	}
	return f
}

func (f *boltFloor) update(b *testing.B, _ int) {
	value := random(200)
	err := f.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(boltBucket).Put(boltFloorKey(rand.Uint64N(f.records)), value)
	})
	if err != nil {
		b.Error(err)
	}
}

// boltSessions is a store and its sessions, one of each user, of which each
// goroutine exchanges its own share.
type boltSessions struct {
	store *boltstore.Store
	size  int64 // of the file, without what it has grown ahead
	next  []core.Exchange
	idle  atomic.Int64 // how often an expiry was moved
}

func newBoltSessions(b *testing.B, records int) *boltSessions {
	db := openBolt(b)
	store, err := boltstore.New(db, boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s := &boltSessions{store: store, next: make([]core.Exchange, records)}
	db.NoSync = true
	inGoroutines(4*boltGoroutines, records, func(_, i int) {
		t := boltSession(i)
		if _, err := store.Create(b.Context(), t, 1); err != nil {
			b.Error(err)
		}
		s.next[i] = core.Exchange{ID: t.ID, From: t.AccessRef, At: t.IssuedAt, ExpiresAt: t.ExpiresAt}
	})
	db.NoSync = false
	err = db.View(func(tx *bbolt.Tx) error {
		s.size = tx.Size()
		return db.Sync()
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// boltSession returns a record whose stored form is of 200 bytes.
func boltSession(i int) core.Record {
	userID := fmt.Sprintf("user-%d", i)
	at := boltStart.Add(time.Duration(i) * time.Millisecond)
	return core.Record{
		ID: core.NewRecordID(userID), UserID: userID, AccessRef: core.Ref{1},
		Device:   "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		Data:     fmt.Appendf(nil, "%*s", 58-len(userID), `{"role":"admin"}`),
		IssuedAt: at, ExchangedAt: at, ExpiresAt: at.Add(boltLifetime),
	}
}

func (s *boltSessions) exchange(b *testing.B, goroutine int) {
	s.move(b, goroutine, 0)
}

func (s *boltSessions) exchangeIdle(b *testing.B, goroutine int) {
	s.move(b, goroutine, boltLifetime+time.Duration(s.idle.Add(1))*time.Millisecond)
}

func (s *boltSessions) move(b *testing.B, goroutine int, idle time.Duration) {
	share := len(s.next) / boltGoroutines
	x := &s.next[goroutine*share+rand.IntN(share)]
	x.At = x.At.Add(time.Millisecond)
	if idle != 0 {
		x.ExpiresAt = x.At.Add(idle)
	}
	x.To[0]++
	t, err := s.store.Exchange(b.Context(), *x)
	if err != nil {
		b.Error(err)
	}
	x.Generation, x.From = t.Generation, t.AccessRef
}
