package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"log"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"github.com/tokenauth/tokenauth/core"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// passing are the errors by which the drivers tell that a database refused
// something for another transaction.
func passing(db *gorm.DB) []error {
	switch db.Name() {
	case "sqlite":
		return []error{sqlite3.Error{Code: sqlite3.ErrBusy}, sqlite3.Error{Code: sqlite3.ErrLocked}}
	case "postgres":
		return []error{&pgconn.PgError{Code: "40001"}, &pgconn.PgError{Code: "40P01"}, &pgconn.PgError{Code: "55P03"}}
	}
	return []error{
		&driver.MySQLError{Number: 1213, SQLState: [5]byte([]byte("40001")), Message: "Deadlock found when trying to get lock"},
		&driver.MySQLError{Number: 1205, Message: "Lock wait timeout exceeded"},
	}
}

// failing makes the next statements of db fail with the error, so many of them. At the last it
// calls then.
func failing(t *testing.T, db *gorm.DB) func(n int, err error, then ...func()) {
	t.Helper()
	left, failure, last := 0, error(nil), []func(){}
	fail := func(tx *gorm.DB) {
		if left == 0 {
			return
		}
		left--
		_ = tx.AddError(failure)
		for _, then := range last {
			if left == 0 {
				then()
			}
		}
	}
	must(t, db.Callback().Raw().Before("*").Register("fail", fail))
	must(t, db.Callback().Row().Before("*").Register("fail", fail))
	return func(n int, err error, then ...func()) { left, failure, last = n, err, then }
}

func triesOn(t *testing.T, d gormDialect) {
	db, s := d.opened(t, &gorm.Config{})
	fail := failing(t, db)
	for _, err := range passing(db) {
		login := loginOf("ann", noon)
		fail(3, err)
		created(t, s, login, 1)
		fail(3, err)
		moved, err2 := s.Exchange(t.Context(), exchangeOf(login))
		if err2 != nil || moved.Generation != 1 {
			t.Errorf("Exchange after 3 of %v: %+v, %v", err, moved, err2)
		}
		fail(3, err)
		if ended := revoked(t, s, core.Revocation{ID: login.ID, At: noon}); len(ended) != 1 {
			t.Errorf("Revoke after 3 of %v: %v, want one record", err, ended)
		}
		fail(3, err)
		if n, err2 := s.DeleteExpired(t.Context(), noon.Add(24*time.Hour), 10); err2 != nil || n != 1 {
			t.Errorf("DeleteExpired after 3 of %v: %d, %v", err, n, err2)
		}
	}
}

func givesUp(t *testing.T, d gormDialect) {
	db, s := d.opened(t, &gorm.Config{})
	fail := failing(t, db)
	login := loginOf("ann", noon)
	for _, refusal := range passing(db) {
		ctx, cancel := context.WithCancel(t.Context())
		fail(3, refusal, cancel)
		_, err := s.Create(ctx, login, 1)
		if !errors.Is(err, refusal) || !errors.Is(err, context.Canceled) {
			t.Errorf("Create: %v, want %v and the context's error", err, refusal)
		}
	}
	fail(0, nil)
	if _, err := s.Get(t.Context(), login.ID); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("Get after the failures: %v, want ErrNotFound", err)
	}
	fail(1, errors.New("out of order"))
	if _, err := s.Create(t.Context(), login, 1); err == nil || !strings.Contains(err.Error(), "gormstore: create: out of order") {
		t.Errorf("Create: %v, want what is out of order", err)
	}
}

func loggedDiscreetly(t *testing.T, d gormDialect) {
	var logged bytes.Buffer
	db, s := d.opened(t, &gorm.Config{
		Logger: logger.New(log.New(&logged, "", 0), logger.Config{LogLevel: logger.Info}),
	})
	fail := failing(t, db)
	login := loginOf("ann", noon)
	fail(1, passing(db)[0])
	created(t, s, login, 1)
	_, _ = s.Create(t.Context(), login, 1)
	_, _ = s.Get(t.Context(), core.NewRecordID("bob"))
	text := logged.String()
	if !strings.Contains(text, "INSERT INTO") {
		t.Errorf("no INSERT in the log: %s", text)
	}
	for _, silent := range []string{login.ID, "secret of ann", passing(db)[0].Error(), "uplicate", "not found"} {
		if strings.Contains(text, silent) {
			t.Errorf("%q in the log: %s", silent, text)
		}
	}
}
