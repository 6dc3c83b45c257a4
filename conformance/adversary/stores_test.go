package adversary_test

import (
	"path/filepath"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	"go.etcd.io/bbolt"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// The same on real stores. They can't be set back, and all schedules share one.
func TestOnRealStores(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) core.RefreshStore{"bolt": openBolt, "SQLite": openSQLite} {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			theOne := func() core.RefreshStore { return store }
			t.Run("the owner alone", func(t *testing.T) { holds(t, scenario{open: theOne, shared: true, logins: true, steps: 60}, 300) })
			t.Run("and a thief", func(t *testing.T) {
				holds(t, scenario{open: theOne, shared: true, thief: true, logins: true, steps: 60}, 300)
			})
		})
	}
}

func openBolt(t *testing.T) core.RefreshStore {
	// What a crash would lose is not the subject.
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "tokens.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := boltstore.New(db, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func openSQLite(t *testing.T) core.RefreshStore {
	dsn := "file:" + filepath.Join(t.TempDir(), "tokens.db") + "?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=1000"
	db, err := gorm.Open(sqlite.Open(dsn), &gorm.Config{Logger: logger.Discard})
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
	return store
}
