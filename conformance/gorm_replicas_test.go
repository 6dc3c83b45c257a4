package conformance_test

import (
	"errors"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/plugin/dbresolver"
)

// TestGormReadsFromThePrimary gives gorm a replica that never receives anything.
func TestGormReadsFromThePrimary(t *testing.T) {
	d := gormSQLite("")
	db, s := d.opened(t, &gorm.Config{})
	must(t, db.Use(dbresolver.Register(dbresolver.Config{Replicas: []gorm.Dialector{sqlite.Open(d.create(t))}})))
	if err := db.Exec("SELECT count(*) FROM refresh_tokens").Error; err == nil {
		t.Fatal("the replica has the table")
	}
	login := loginOf("ann", noon)
	created(t, s, login, 1)
	if _, err := s.Get(t.Context(), login.ID); err != nil {
		t.Error(err)
	}
	if list, err := s.ListUser(t.Context(), "ann", noon); len(list) != 1 || err != nil {
		t.Errorf("ListUser: %v, %v", list, err)
	}
	x := exchangeOf(login)
	x.From = core.Ref{9}
	if got, err := s.Exchange(t.Context(), x); !errors.Is(err, core.ErrConflict) || got.ID != login.ID {
		t.Errorf("Exchange: %+v, %v; want the record and ErrConflict", got, err)
	}
	must(t, s.Migrate(t.Context()))
}
