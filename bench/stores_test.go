package bench

import (
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// BenchmarkStore measures all methods of every store. The benchmarks of single stores
// have an exchange beside its floor.
func BenchmarkStore(b *testing.B) {
	b.Run("memory", func(b *testing.B) {
		storetest.Bench(b, func(*testing.B) core.RefreshStore { return memorystore.New() }, 1_000, 100_000, 1_000_000)
	})
	b.Run("bolt", func(b *testing.B) {
		storetest.Bench(b, func(b *testing.B) core.RefreshStore {
			db, err := bbolt.Open(filepath.Join(b.TempDir(), "tokens.db"), 0o600, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { db.Close() })
			s, err := boltstore.New(db, boltstore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			return s
		}, 1_000, 100_000, 1_000_000)
	})
	b.Run("redis", func(b *testing.B) {
		storetest.Bench(b, func(b *testing.B) core.RefreshStore {
			redisServer := server.Redis(b, "--appendonly", "no")
			client := redis.NewClient(&redis.Options{Addr: redisServer.Addr(), PoolSize: 64, ContextTimeoutEnabled: true})
			b.Cleanup(func() { client.Close() })
			s, err := redisstore.New(client, redisstore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			return s
		})
	})
	for _, dialect := range []struct {
		name string
		open func(b *testing.B) gorm.Dialector
	}{
		{"sqlite", openSQLite}, {"postgresql", openPostgreSQL}, {"mariadb", openMariaDB},
	} {
		b.Run(dialect.name, func(b *testing.B) {
			storetest.Bench(b, func(b *testing.B) core.RefreshStore {
				db := openGorm(b, dialect.open(b))
				s, err := gormstore.New(db, gormstore.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Migrate(b.Context()); err != nil {
					b.Fatal(err)
				}
				return s
			})
		})
	}
}

func openSQLite(b *testing.B) gorm.Dialector {
	return sqlite.Open("file:" + filepath.Join(b.TempDir(), "tokenauth.db") + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=100")
}

func openPostgreSQL(b *testing.B) gorm.Dialector {
	s := server.PostgreSQL(b)
	return postgres.Open(s.DSN(s.CreateDatabase()))
}

func openMariaDB(b *testing.B) gorm.Dialector {
	s := server.MariaDB(b)
	return mysql.Open(s.DSN(s.CreateDatabase()))
}

// openGorm opens a database with connections enough for all goroutines.
func openGorm(b *testing.B, dialector gorm.Dialector) *gorm.DB {
	b.Helper()
	db, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		b.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = pool.Close() })
	pool.SetMaxIdleConns(goroutines)
	return db
}
