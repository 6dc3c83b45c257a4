package adversary_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	servers "github.com/tokenauth/tokenauth/storetest/server"
	"go.etcd.io/bbolt"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// realStore is a store with a backend. What a crash would lose is not the subject:
// none waits for a disk.
type realStore struct {
	name string
	// open returns what returns the store, empty, each time.
	open func(t *testing.T) func() core.RefreshStore
	// expires says that what has expired goes by itself.
	expires bool
	// schedules is how many there are of each scenario.
	schedules int
}

var realStores = []realStore{
	{"bolt", openBolt, false, 500},
	{"SQLite", openSQLite, false, 500},
	{"Redis", openRedis, true, 500},
	{"PostgreSQL", openPostgreSQL, false, 100},
	{"MariaDB", openMariaDB, false, 100},
}

func openBolt(t *testing.T) func() core.RefreshStore {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "tokens.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := boltstore.New(db, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return emptied(store)
}

func openSQLite(t *testing.T) func() core.RefreshStore {
	if testing.Short() {
		t.Skip("go test -short needs no C compiler: SQLite does")
	}
	path := filepath.Join(t.TempDir(), "tokens.db")
	return openSQL(t, sqlite.Open("file:"+path+"?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=1000"))
}

func openPostgreSQL(t *testing.T) func() core.RefreshStore {
	return openSQL(t, postgres.Open(servers.PostgreSQL(t, "-c", "fsync=off").DSN("postgres")))
}

func openMariaDB(t *testing.T) func() core.RefreshStore {
	s := servers.MariaDB(t, "--innodb-flush-log-at-trx-commit=0")
	return openSQL(t, mysql.Open(s.DSN(s.CreateDatabase())))
}

func openSQL(t *testing.T, dialector gorm.Dialector) func() core.RefreshStore {
	db, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	sql, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sql.Close() })
	store, err := gormstore.New(db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return emptied(store)
}

// emptied returns what deletes all that the store has, and returns it.
func emptied(store core.RefreshStore) func() core.RefreshStore {
	return func() core.RefreshStore {
		const more = 1000 // than a schedule makes
		if _, err := store.DeleteExpired(context.Background(), start.AddDate(10, 0, 0), more); err != nil {
			panic(err)
		}
		return store
	}
}

// openRedis opens a store under a prefix of its own each time: Redis deletes what has
// expired by itself alone.
func openRedis(t *testing.T) func() core.RefreshStore {
	client := redis.NewClient(&redis.Options{
		Addr: servers.Redis(t, "--appendonly", "no").Addr(), ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { client.Close() })
	n := 0
	return func() core.RefreshStore {
		n++
		store, err := redisstore.New(client, redisstore.Options{Prefix: fmt.Sprint(n, ":")})
		if err != nil {
			panic(err)
		}
		return store
	}
}
