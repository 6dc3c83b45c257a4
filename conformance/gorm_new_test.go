package conformance_test

import (
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
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
			must(t, s.Create(t.Context(), loginOf("ann", noon), 1))
		}
	}
}

func TestGormTooLongRecords(t *testing.T) {
	_, s := gormSQLite("").opened(t, &gorm.Config{})
	for name, change := range map[string]func(*core.Record){
		"id":      func(r *core.Record) { r.ID += "a" },
		"user id": func(r *core.Record) { r.UserID = strings.Repeat("u", core.MaxUserIDBytes+1) },
		"device":  func(r *core.Record) { r.Device = strings.Repeat("d", core.MaxDeviceBytes+1) },
		"data":    func(r *core.Record) { r.Data = make([]byte, core.MaxDataBytes+1) },
	} {
		login := loginOf("ann", noon)
		change(&login)
		if err := s.Create(t.Context(), login, 1); err == nil {
			t.Errorf("%s: created", name)
		}
	}
}
