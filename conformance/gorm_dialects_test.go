package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	"github.com/tokenauth/tokenauth/storetest/server"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

// TestGorm tries what the store promises beyond the contract, in each kind of
// database.
func TestGorm(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) gormDialect{
		"SQLite":     func(*testing.T) gormDialect { return gormSQLite("") },
		"PostgreSQL": func(t *testing.T) gormDialect { return gormPostgreSQL(t, server.PostgreSQL(t)) },
		"MariaDB":    func(t *testing.T) gormDialect { return gormMariaDB(server.MariaDB(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			d := start(t)
			for name, check := range map[string]func(t *testing.T, d gormDialect){
				"Migrate again changes nothing":                  migrateAgain,
				"Migrate of many at once":                        migrateAtOnce,
				"Migrate refuses newer tables":                   migrateNewer,
				"Migrate refuses a foreign table":                migrateForeign,
				"stores of two tables are strangers":             twoTables,
				"one connection is enough":                       oneConnection,
				"no lock or deadlock reaches 64 callers":         manyCallers,
				"refused for another transaction, it tries on":   triesOn,
				"refused again and again, it gives up":           givesUp,
				"gorm may be configured in any way":              anyConfiguration,
				"statements are logged without values or alarms": loggedDiscreetly,
				"the driver may be configured in any way":        anyDriver,
				"calls inside the application's transactions":    callsInTransactions,
				"a plugin's panic leaves no transaction open":    pluginPanics,
			} {
				t.Run(name, func(t *testing.T) { check(t, d) })
			}
		})
	}
}

// opened returns a new database with a store in it.
func (d gormDialect) opened(t *testing.T, c *gorm.Config) (*gorm.DB, *gormstore.Store) {
	t.Helper()
	return d.reopened(t, d.create(t), c)
}

// reopened returns a store in the database of that DSN.
func (d gormDialect) reopened(t *testing.T, dsn string, c *gorm.Config) (*gorm.DB, *gormstore.Store) {
	t.Helper()
	if c.Logger == nil {
		c.Logger = logger.Discard
	}
	db, err := gorm.Open(d.dialector(dsn), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connections(t, db).Close() })
	s, err := gormstore.New(db, gormstore.Options{})
	must(t, err)
	must(t, s.Migrate(t.Context()))
	return db, s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// created creates a record, and returns those that it evicted.
func created(t *testing.T, s core.RefreshStore, r core.Record, limit int) []core.Record {
	t.Helper()
	evicted, err := s.Create(t.Context(), r, limit)
	must(t, err)
	return evicted
}

// revoked revokes records and returns them.
func revoked(t *testing.T, s core.RefreshStore, v core.Revocation) []core.Record {
	t.Helper()
	ended, err := s.Revoke(t.Context(), v)
	must(t, err)
	return ended
}

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func loginOf(user string, at time.Time) core.Record {
	return core.Record{
		ID: core.NewRecordID(user), UserID: user, AccessRef: core.Ref{1}, Device: "Firefox", Data: []byte("secret of " + user),
		IssuedAt: at, ExchangedAt: at, ExpiresAt: at.Add(time.Hour),
	}
}

func exchangeOf(r core.Record) core.Exchange {
	return core.Exchange{
		ID: r.ID, Generation: r.Generation, From: r.AccessRef, To: core.Ref{byte(r.Generation + 2)},
		At: r.ExchangedAt.Add(time.Second), ExpiresAt: r.ExpiresAt.Add(time.Second),
	}
}

func migrateAgain(t *testing.T, d gormDialect) {
	_, s := d.opened(t, &gorm.Config{})
	login := loginOf("ann", noon)
	created(t, s, login, 1)
	must(t, s.Migrate(t.Context()))
	got, err := s.Get(t.Context(), login.ID)
	if err != nil || got.UserID != "ann" {
		t.Errorf("Get: %+v, %v", got, err)
	}
}

func migrateAtOnce(t *testing.T, d gormDialect) {
	for range 5 {
		dsn := d.create(t)
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				db, _, err := d.open(dsn)
				if db != nil {
					_ = connections(t, db).Close()
				}
				errs[i] = err
			})
		}
		all.Wait()
		must(t, errors.Join(errs...))
	}
}

func migrateNewer(t *testing.T, d gormDialect) {
	db, s := d.opened(t, &gorm.Config{})
	must(t, db.Exec("UPDATE refresh_tokens_version SET version = 2").Error)
	must(t, db.Exec("DROP TABLE refresh_tokens").Error)
	err := s.Migrate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("Migrate: %v, want an error about version 2", err)
	}
	if db.Migrator().HasTable("refresh_tokens") {
		t.Error("Migrate made a table next to those of a newer version")
	}
}

func migrateForeign(t *testing.T, d gormDialect) {
	db, s := d.opened(t, &gorm.Config{})
	must(t, db.Exec("DROP TABLE refresh_tokens").Error)
	must(t, db.Exec("CREATE TABLE refresh_tokens (id INTEGER, user_id INTEGER, expires_at INTEGER, revoked_at INTEGER)").Error)
	if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "the table refresh_tokens is not") {
		t.Errorf("Migrate: %v, want an error about the table", err)
	}
}

func twoTables(t *testing.T, d gormDialect) {
	db, here := d.opened(t, &gorm.Config{})
	there, err := gormstore.New(db, gormstore.Options{Table: "Other_2"})
	must(t, err)
	must(t, there.Migrate(t.Context()))
	login := loginOf("ann", noon)
	created(t, here, login, 1)
	if _, err := there.Get(t.Context(), login.ID); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("Get from the other table: %v, want ErrNotFound", err)
	}
	created(t, there, login, 1)
	revoked(t, there, core.Revocation{ID: login.ID, At: noon})
	if got, err := here.Get(t.Context(), login.ID); err != nil || !got.RevokedAt.IsZero() {
		t.Errorf("Get after a revocation in the other table: %+v, %v", got, err)
	}
}

func oneConnection(t *testing.T, d gormDialect) {
	db, _ := d.opened(t, &gorm.Config{})
	connections(t, db).SetMaxOpenConns(1)
	// Another store finds nothing prepared.
	for range 5 {
		s, err := gormstore.New(db, gormstore.Options{})
		must(t, err)
		useAll(t, 16, s)
	}
}

func manyCallers(t *testing.T, d gormDialect) {
	dsn := d.create(t)
	_, here := d.reopened(t, dsn, &gorm.Config{})
	_, there := d.reopened(t, dsn, &gorm.Config{})
	useAll(t, 32, here, there)
}

// useAll calls every method from so many goroutines for each store, for few users,
// and wants no errors but core's.
func useAll(t *testing.T, goroutines int, stores ...core.RefreshStore) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for _, s := range stores {
		for i := range goroutines {
			all.Go(func() {
				user := fmt.Sprint("user ", i%4)
				for n := range 3 {
					login := loginOf(user, noon.Add(time.Duration(n)*time.Minute))
					if i%3 == 0 {
						login.ExpiresAt = login.IssuedAt.Add(10 * time.Second)
					}
					_, err := s.Create(ctx, login, i%3)
					unlessAnswered(t, err)
					r, err := s.Exchange(ctx, exchangeOf(login))
					unlessAnswered(t, err)
					_, err = s.ListUser(ctx, user, r.ExchangedAt)
					unlessAnswered(t, err)
					_, err = s.DeleteExpired(ctx, noon.Add(time.Duration(n)*time.Minute), 5)
					unlessAnswered(t, err)
					_, err = s.Revoke(ctx, core.Revocation{ID: login.ID, UserID: user, At: noon})
					unlessAnswered(t, err)
					_, err = s.Revoke(ctx, core.Revocation{UserID: user, Except: login.ID, At: noon})
					unlessAnswered(t, err)
				}
			})
		}
	}
	all.Wait()
}

// unlessAnswered fails the test if the error is not one by which a store answers.
func unlessAnswered(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, core.ErrConflict) && !errors.Is(err, core.ErrNotFound) {
		t.Error(err)
	}
}

func anyConfiguration(t *testing.T, d gormDialect) {
	db, s := d.opened(t, &gorm.Config{
		PrepareStmt: true, TranslateError: true, QueryFields: true, AllowGlobalUpdate: true, CreateBatchSize: 1,
		NamingStrategy:            schema.NamingStrategy{TablePrefix: "my_", SingularTable: true, NoLowerCase: true},
		DefaultContextTimeout:     time.Minute,
		DefaultTransactionTimeout: time.Minute,
	})
	before := db.Statement.ConnPool
	login := loginOf("ann", noon)
	created(t, s, login, 1)
	if _, err := s.Create(t.Context(), login, 1); !errors.Is(err, core.ErrExists) {
		t.Errorf("Create again: %v, want ErrExists", err)
	}
	if _, err := s.Exchange(t.Context(), exchangeOf(login)); err != nil {
		t.Error(err)
	}
	if ended := revoked(t, s, core.Revocation{UserID: "ann", At: noon}); len(ended) != 1 {
		t.Errorf("Revoke: %v, want one record", ended)
	}
	if db.Statement.ConnPool != before || db.SkipDefaultTransaction {
		t.Error("the caller's database was changed")
	}
}

func anyDriver(t *testing.T, d gormDialect) {
	for _, parameter := range map[string][]string{
		"sqlite":   {"_txlock=exclusive", "cache=shared", "_journal_mode=TRUNCATE", "_busy_timeout=0"},
		"postgres": {"default_query_exec_mode=simple_protocol", "default_query_exec_mode=exec", "default_transaction_isolation=serializable", "enable_indexscan=off&enable_bitmapscan=off"},
		"mysql":    {"clientFoundRows=true", "interpolateParams=true", "parseTime=true&charset=latin1", "sql_mode=ANSI_QUOTES", "tx_isolation='SERIALIZABLE'"},
	}[d.dialector("").Name()] {
		t.Run(parameter, func(t *testing.T) {
			_, s := d.reopened(t, withParameter(d.create(t), parameter), &gorm.Config{})
			login := loginOf("\x00\u00fc\U0001F600", noon)
			login.Device = "\u00fc\U0001F600"
			login.Data = []byte{0, 0xff, '\'', '\\'}
			created(t, s, login, 1)
			if _, err := s.Create(t.Context(), login, 1); !errors.Is(err, core.ErrExists) {
				t.Errorf("Create again: %v, want ErrExists", err)
			}
			got, err := s.Exchange(t.Context(), exchangeOf(login))
			if err != nil || got.UserID != login.UserID || got.Device != login.Device || string(got.Data) != string(login.Data) {
				t.Errorf("Exchange: %+v, %v", got, err)
			}
			for i, v := range []core.Revocation{
				{ID: login.ID, UserID: login.UserID, IssuedUntil: noon, At: noon},
				{ID: login.ID, At: noon},
				{UserID: login.UserID, At: noon},
			} {
				want := 1
				if i > 0 { // again changes nothing
					want = 0
				}
				if ended := revoked(t, s, v); len(ended) != want {
					t.Errorf("Revoke %+v: %v, want %d records", v, ended, want)
				}
			}
			useAll(t, 16, s)
		})
	}
}

func pluginPanics(t *testing.T, d gormDialect) {
	db, s := d.opened(t, &gorm.Config{})
	connections(t, db).SetMaxOpenConns(1)
	panics := true
	must(t, db.Callback().Row().Before("*").Register("panics", func(*gorm.DB) {
		if panics {
			panic("in a plugin")
		}
	}))
	func() {
		defer func() { _ = recover() }()
		_, _ = s.Create(t.Context(), loginOf("ann", noon), 1)
	}()
	panics = false
	created(t, s, loginOf("ann", noon), 1)
}
