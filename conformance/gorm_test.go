package conformance_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/child"
	"github.com/tokenauth/tokenauth/storetest/server"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// gormDialect is one way to reach a kind of database.
type gormDialect struct {
	dialector func(dsn string) gorm.Dialector
	// create makes an empty database and returns its DSN.
	create func(t *testing.T) string
	// dump returns every byte of one that db has open.
	dump func(t *testing.T, dsn string, db *gorm.DB) []byte
	// server is the one that the databases are on, at its address in their DSNs;
	// nil: they are in files.
	server sqlServer
	// config returns gorm's configuration; nil: its default.
	config func() *gorm.Config
	// child is the kind of the child processes that open a database.
	child string
}

// sqlServer is a server of package server.
type sqlServer interface {
	Addr() string
	Kill()
	Start()
}

// open opens a store in the database, and makes its tables.
func (d gormDialect) open(dsn string) (*gorm.DB, *gormstore.Store, error) {
	config := &gorm.Config{Logger: logger.Discard}
	if d.config != nil {
		config = d.config()
	}
	db, err := gorm.Open(d.dialector(dsn), config)
	if err != nil {
		return nil, nil, err
	}
	s, err := gormstore.New(db, gormstore.Options{})
	if err != nil {
		return nil, nil, err
	}
	return db, s, s.Migrate(context.Background())
}

// openGormChild opens the store in the database of a DSN, in a child process.
func openGormChild(dialector func(dsn string) gorm.Dialector) child.Opener {
	return func(dsn string) (core.RefreshStore, error) {
		_, s, err := gormDialect{dialector: dialector}.open(dsn)
		return s, err
	}
}

// harness returns the harness of stores on this dialect. A peer is another process.
func (d gormDialect) harness() storetest.Harness {
	type opened struct {
		db  *gorm.DB
		dsn string
	}
	stores := map[core.RefreshStore]opened{}
	open := func(t *testing.T, dsn string) core.RefreshStore {
		t.Helper()
		db, s, err := d.open(dsn)
		if err != nil {
			t.Fatal(err)
		}
		stores[s] = opened{db, dsn}
		t.Cleanup(func() {
			delete(stores, s)
			_ = connections(t, db).Close()
		})
		return s
	}
	h := storetest.Harness{
		Crashes: *crashes,
		Open:    func(t *testing.T) core.RefreshStore { return open(t, d.create(t)) },
		Reopen: func(t *testing.T, s core.RefreshStore) core.RefreshStore {
			t.Helper()
			if err := connections(t, stores[s].db).Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, stores[s].dsn)
		},
		Peer: func(t *testing.T, s core.RefreshStore) core.RefreshStore {
			return child.Start(t, d.child, stores[s].dsn)
		},
		Dump: func(t *testing.T, s core.RefreshStore) []byte { return d.dump(t, stores[s].dsn, stores[s].db) },
		Break: func(t *testing.T, s core.RefreshStore) {
			t.Helper()
			if err := connections(t, stores[s].db).Close(); err != nil {
				t.Fatal(err)
			}
		},
	}
	if d.server == nil {
		h.Crash = crashingChild(d.child, d.create)
		return h
	}
	h.Crash = func(t *testing.T) (core.RefreshStore, func() core.RefreshStore) {
		dsn := d.create(t)
		return open(t, dsn), func() core.RefreshStore {
			d.server.Kill()
			d.server.Start()
			return open(t, dsn)
		}
	}
	h.Disconnect = func(t *testing.T) (core.RefreshStore, func(storetest.Fault)) {
		proxy := server.NewProxy(t, d.server.Addr())
		return open(t, strings.Replace(d.create(t), d.server.Addr(), proxy.Addr(), 1)), proxy.Set
	}
	return h
}

func connections(t *testing.T, db *gorm.DB) *sql.DB {
	t.Helper()
	p, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// dumpTables returns every column of every row of every table in the database, as
// it is and in hexadecimal.
func dumpTables(t *testing.T, _ string, db *gorm.DB) []byte {
	t.Helper()
	var all bytes.Buffer
	tables, err := db.Migrator().GetTables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		rows, err := db.Table(table).Rows()
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.RawBytes)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				fmt.Fprintf(&all, "%s %x\n", *v.(*sql.RawBytes), *v.(*sql.RawBytes))
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all.Bytes()
}
