package bench

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// BenchmarkGormExchange measures an exchange in each kind of database, beside its
// floor: a prepared conditional UPDATE of the same columns through database/sql.
// Every exchange moves the record's expiry, as an idle timeout makes it.
func BenchmarkGormExchange(b *testing.B) {
	for _, dialect := range gormDialects {
		for _, records := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("%s/records=%d", dialect.name, records), func(b *testing.B) {
				benchmarkGormExchange(b, dialect.open(b), records)
			})
		}
	}
}

const goroutines = 64

var gormDialects = []struct {
	name string
	open func(b *testing.B) gorm.Dialector
}{
	{"SQLite", openSQLite}, {"PostgreSQL", openPostgreSQL}, {"MariaDB", openMariaDB},
}

// openGormStore returns a store in an empty database.
func openGormStore(b *testing.B, dialector gorm.Dialector) (*gorm.DB, *gormstore.Store) {
	b.Helper()
	db := openGorm(b, dialector)
	store, err := gormstore.New(db, gormstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return db, store
}

func benchmarkGormExchange(b *testing.B, dialector gorm.Dialector, records int) {
	db, store := openGormStore(b, dialector)
	ids := fillGorm(b, db, records)
	floor := gormFloor(b, db)
	for _, bench := range []struct {
		name     string
		exchange func(core.Exchange) error
	}{
		{"floor", floor},
		{"exchange", func(x core.Exchange) error {
			_, err := store.Exchange(b.Context(), x)
			return err
		}},
	} {
		b.Run(bench.name+"/sequential", func(b *testing.B) {
			sessions := sessionsOf(ids)
			i := 0
			for b.Loop() {
				if err := bench.exchange(sessions[i%len(sessions)].next()); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
		b.Run(bench.name+"/goroutines=64", func(b *testing.B) {
			sessions := sessionsOf(ids)
			var started atomic.Int64
			b.SetParallelism(goroutines / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				session := sessions[started.Add(1)-1]
				for pb.Next() {
					if err := bench.exchange(session.next()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// fillGorm puts so many records into the table, one for each user, and returns the
// IDs of some from all over it.
func fillGorm(b *testing.B, db *gorm.DB, n int) []string {
	b.Helper()
	var ids []string
	fillInSteps(b, n, insertGorm(db), func(i int) core.Record {
		r := deletionRecord(fmt.Sprint("user-", i), gormEpoch.Add(time.Duration(i)*time.Millisecond), 7*24*time.Hour)
		if i%(n/goroutines) == 0 && len(ids) < goroutines {
			ids = append(ids, r.ID)
		}
		return r
	})
	rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids
}

// insertGorm returns a function that inserts unrevoked records as fast as a database allows.
func insertGorm(db *gorm.DB) func([]core.Record) error {
	return func(records []core.Record) error {
		rows := make([]map[string]any, len(records))
		for i, r := range records {
			rows[i] = map[string]any{
				"id": r.ID, "user_id": []byte(r.UserID), "generation": r.Generation,
				"access_ref": r.AccessRef[:], "previous_ref": r.PreviousRef[:], "device": []byte(r.Device), "data": r.Data,
				"issued_at": r.IssuedAt.UnixMilli(), "exchanged_at": r.ExchangedAt.UnixMilli(),
				"expires_at": r.ExpiresAt.UnixMilli(), "revoked_at": nil,
			}
		}
		return db.Table("refresh_tokens").Create(rows).Error
	}
}

// BenchmarkGormDeleteExpired measures exchanges while a million expired records are
// deleted.
func BenchmarkGormDeleteExpired(b *testing.B) {
	for _, dialect := range gormDialects {
		b.Run(dialect.name, func(b *testing.B) {
			db, store := openGormStore(b, dialect.open(b))
			measureDeletion(b, store, 1_000_000, insertGorm(db))
		})
	}
}

// BenchmarkGormLogins measures the first and the last 1,000 of 100,000 logins of one user
// with a limit of one session. It measures once: run it with -benchtime 1x.
func BenchmarkGormLogins(b *testing.B) {
	for _, dialect := range gormDialects {
		b.Run(dialect.name, func(b *testing.B) {
			db, store := openGormStore(b, dialect.open(b))
			const logins, measured = 100_000, 1_000
			var took []time.Duration
			for i := range logins {
				r := deletionRecord("user", gormEpoch.Add(time.Duration(i)*time.Millisecond), 7*24*time.Hour)
				start := time.Now()
				if _, err := store.Create(b.Context(), r, 1); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			report(b, "first", took[:measured])
			report(b, "last", took[logins-measured:])
			var left int64
			if err := db.Table("refresh_tokens").Count(&left).Error; err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(left), "records")
			b.ReportMetric(0, "ns/op")
		})
	}
}

var gormEpoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// gormSession goes from one exchange to the next, each from a generation ahead of
// the record, whatever an earlier benchmark left there.
type gormSession struct{ x core.Exchange }

var gormGeneration atomic.Int64

func sessionsOf(ids []string) []*gormSession {
	sessions := make([]*gormSession, len(ids))
	generation := gormGeneration.Add(1_000_000_000)
	for i, id := range ids {
		at := gormEpoch.Add(time.Duration(generation) / 1000)
		sessions[i] = &gormSession{core.Exchange{ID: id, Generation: generation, At: at, ExpiresAt: at.Add(7 * 24 * time.Hour)}}
	}
	return sessions
}

func (s *gormSession) next() core.Exchange {
	s.x.Generation++
	s.x.From = s.x.To
	s.x.To[0]++
	s.x.At = s.x.At.Add(time.Millisecond)
	s.x.ExpiresAt = s.x.ExpiresAt.Add(time.Millisecond)
	return s.x
}

// gormFloor returns the least that an exchange must do.
func gormFloor(b *testing.B, db *gorm.DB) func(core.Exchange) error {
	b.Helper()
	pool, err := db.DB()
	if err != nil {
		b.Fatal(err)
	}
	query := "UPDATE refresh_tokens SET generation = ?, access_ref = ?, previous_ref = ?, exchanged_at = ?, expires_at = ?" +
		" WHERE id = ? AND revoked_at IS NULL AND expires_at > ? AND (generation < ? OR generation = ? AND access_ref = ?)"
	switch db.Name() {
	case "postgres":
		for i := 1; strings.Contains(query, "?"); i++ {
			query = strings.Replace(query, "?", fmt.Sprint("$", i), 1)
		}
	case "sqlite":
		// Fastest with one connection, since one alone can write.
		path := strings.TrimPrefix(db.Dialector.(*sqlite.Dialector).DSN, "file:")
		if pool, err = sql.Open("sqlite3", "file:"+path); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = pool.Close() })
		pool.SetMaxOpenConns(1)
	}
	update, err := pool.PrepareContext(b.Context(), query)
	if err != nil {
		b.Fatal(err)
	}
	return func(x core.Exchange) error {
		result, err := update.ExecContext(b.Context(), x.Generation+1, x.To[:], x.From[:], x.At.UnixMilli(), x.ExpiresAt.UnixMilli(),
			x.ID, x.At.UnixMilli(), x.Generation, x.Generation, x.From[:])
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n != 1 || err != nil {
			return fmt.Errorf("%d records updated: %w", n, err)
		}
		return nil
	}
}
