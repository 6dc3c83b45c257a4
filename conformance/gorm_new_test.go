package conformance_test

import (
	"strings"
	"testing"

	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	"github.com/tokenauth/tokenauth/storetest/server"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/utils/tests"
)

func TestGormNewRefusesDatabases(t *testing.T) {
	db, err := gorm.Open(sqlite.Open(":memory:"), &gorm.Config{Logger: logger.Discard})
	must(t, err)
	broken := db.Session(&gorm.Session{})
	_ = broken.AddError(gorm.ErrInvalidDB)
	tx := db.Begin()
	defer tx.Rollback()
	dummy, err := gorm.Open(tests.DummyDialector{}, &gorm.Config{Logger: logger.Discard})
	must(t, err)
	for name, db := range map[string]*gorm.DB{
		"none":            nil,
		"one not opened":  {},
		"one that failed": broken,
		"a dry run":       db.Session(&gorm.Session{DryRun: true}),
		"a transaction":   tx,
		"an unknown kind": dummy,
	} {
		if s, err := gormstore.New(db, gormstore.Options{}); err == nil || s != nil || !strings.HasPrefix(err.Error(), "gormstore: new: ") {
			t.Errorf("%s: %v, %v; want an error", name, s, err)
		}
	}
}

// TestGormNewRefusesSettings has connections with a setting under which a statement would not do
// what the store expects.
func TestGormNewRefusesSettings(t *testing.T) {
	for parameter, d := range map[string]gormDialect{
		"bytea_output=escape": gormPostgreSQL(t, server.PostgreSQL(t)),
		"autocommit=0&completion_type=1&sql_safe_updates=1&sql_select_limit=5&tx_isolation='READ-UNCOMMITTED'": gormMariaDB(server.MariaDB(t)),
	} {
		for single := range strings.SplitSeq(parameter, "&") {
			t.Run(single, func(t *testing.T) {
				db, err := gorm.Open(d.dialector(withParameter(d.create(t), single)), &gorm.Config{Logger: logger.Discard})
				must(t, err)
				t.Cleanup(func() { _ = connections(t, db).Close() })
				name, _, _ := strings.Cut(single, "=")
				_, err = gormstore.New(db, gormstore.Options{})
				if err == nil || !strings.HasPrefix(err.Error(), "gormstore: new: the setting "+name) {
					t.Errorf("New: %v, want an error that names the setting", err)
				}
			})
		}
	}
}

func TestGormTableNames(t *testing.T) {
	db, err := gorm.Open(sqlite.Open("file:"+t.TempDir()+"/db"), &gorm.Config{Logger: logger.Discard})
	must(t, err)
	t.Cleanup(func() { _ = connections(t, db).Close() })
	for name, good := range map[string]bool{
		"":                       true,
		"t":                      true,
		"_sessions2":             true,
		"Select":                 true,
		strings.Repeat("t", 40):  true,
		strings.Repeat("t", 41):  false,
		"2sessions":              false,
		"a.b":                    false,
		"a b":                    false,
		"a\"b":                   false,
		"a`b":                    false,
		"a;b":                    false,
		"a?b":                    false,
		"a@b":                    false,
		"ä":                      false,
		"a\x00":                  false,
		"{records}":              false,
		"t'; DROP TABLE users--": false,
	} {
		s, err := gormstore.New(db, gormstore.Options{Table: name})
		if good != (err == nil) {
			t.Errorf("table %q: %v", name, err)
		}
		if err == nil {
			must(t, s.Migrate(t.Context()))
			created(t, s, loginOf("ann", noon), 1)
		}
	}
}
