package conformance_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	"github.com/tokenauth/tokenauth/storetest"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// database is one that a test has opened by gorm.
type database struct {
	*gorm.DB
	dsn string
}

// gormHarness returns a harness for stores on the databases that open opens by a
// DSN. create makes an empty one and returns its DSN; dump reads all of one.
func gormHarness(open func(dsn string) gorm.Dialector, create func(t *testing.T) string, dump func(t *testing.T, d database) []byte) storetest.Harness {
	databases := map[core.RefreshStore]database{}
	client := func(t *testing.T, dsn string) core.RefreshStore {
		t.Helper()
		db, s, err := openGorm(open(dsn))
		if err != nil {
			t.Fatal(err)
		}
		databases[s] = database{db, dsn}
		t.Cleanup(func() {
			delete(databases, s)
			_ = pool(t, db).Close()
		})
		return s
	}
	return storetest.Harness{
		Open: func(t *testing.T) core.RefreshStore { return client(t, create(t)) },
		Reopen: func(t *testing.T, s core.RefreshStore) core.RefreshStore {
			t.Helper()
			if err := pool(t, databases[s].DB).Close(); err != nil {
				t.Fatal(err)
			}
			return client(t, databases[s].dsn)
		},
		Peer: func(t *testing.T, s core.RefreshStore) core.RefreshStore { return client(t, databases[s].dsn) },
		Dump: func(t *testing.T, s core.RefreshStore) []byte { return dump(t, databases[s]) },
	}
}

// openGorm opens a database and a store in it, with its tables made.
func openGorm(d gorm.Dialector) (*gorm.DB, *gormstore.Store, error) {
	db, err := gorm.Open(d, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, nil, err
	}
	s, err := gormstore.New(db, gormstore.Options{})
	if err != nil {
		return nil, nil, err
	}
	return db, s, s.Migrate(context.Background())
}

func pool(t *testing.T, db *gorm.DB) *sql.DB {
	t.Helper()
	p, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// file returns the path of a database that is not there yet.
func file(t *testing.T) string { return filepath.Join(t.TempDir(), "tokenauth.db") }

// dumpFile returns the bytes of a database in a file and of its log.
func dumpFile(t *testing.T, d database) []byte {
	t.Helper()
	path, _, _ := strings.Cut(strings.TrimPrefix(d.dsn, "file:"), "?")
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return append(all, log...)
}
