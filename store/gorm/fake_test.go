package gormstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/utils/tests"
)

// fake is a database of one kind that changes one row at every statement, finds
// rows of one column in the table or none, and does what a test says when it is to commit. It is safe for concurrent use.
type fake struct {
	tests.DummyDialector
	kind   string
	commit func(begun context.Context) error // with the context that it began with
	exec   func(context.Context) error       // called by each statement
	found  []driver.Value                    // by each query
	begun  atomic.Int64
}

func (f *fake) Name() string { return f.kind }

func (f *fake) Initialize(db *gorm.DB) error {
	db.ConnPool = sql.OpenDB(f)
	return f.DummyDialector.Initialize(db)
}

// store returns a store in the database.
func (f *fake) store(t *testing.T) *gormstore.Store {
	t.Helper()
	db, err := gorm.Open(f, &gorm.Config{Logger: logger.Discard, DisableAutomaticPing: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		connections, _ := db.DB()
		_ = connections.Close()
	})
	s, err := gormstore.New(db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f *fake) Connect(context.Context) (driver.Conn, error) {
	return fakeConn{f, context.Background(), ""}, nil
}

func (f *fake) Driver() driver.Driver { return nil }

// fakeConn is a connection to a fake, its transaction and each of its statements.
type fakeConn struct {
	*fake
	ctx   context.Context
	query string
}

func (c fakeConn) Prepare(query string) (driver.Stmt, error) {
	return fakeConn{c.fake, c.ctx, query}, nil
}

func (c fakeConn) Close() error { return nil }

func (c fakeConn) Begin() (driver.Tx, error) { return c.BeginTx(c.ctx, driver.TxOptions{}) }

func (c fakeConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	c.begun.Add(1)
	return fakeConn{c.fake, ctx, ""}, nil
}

func (c fakeConn) Commit() error { return c.commit(c.ctx) }

func (c fakeConn) Rollback() error { return nil }

func (c fakeConn) NumInput() int { return -1 }

func (c fakeConn) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }

// ExecContext executes the statement that c is.
func (c fakeConn) ExecContext(ctx context.Context, _ []driver.NamedValue) (driver.Result, error) {
	if c.exec != nil {
		if err := c.exec(ctx); err != nil {
			return nil, err
		}
	}
	return driver.RowsAffected(1), nil
}

func (c fakeConn) Query([]driver.Value) (driver.Rows, error) {
	if !strings.Contains(c.query, "refresh_tokens") {
		return &fakeRows{[]string{"name", "value"}, []driver.Value{setting[c.kind][0], setting[c.kind][1]}}, nil
	}
	return &fakeRows{[]string{"id"}, c.found}, nil
}

// setting is one that every server of a kind has, and the value that a store requires.
var setting = map[string][2]string{
	"sqlite":   {"query_only", "0"},
	"postgres": {"bytea_output", "hex"},
	"mysql":    {"sql_select_limit", "18446744073709551615"},
}

type fakeRows struct {
	columns []string
	left    []driver.Value
}

func (r *fakeRows) Columns() []string { return r.columns }

func (*fakeRows) Close() error { return nil }

func (r *fakeRows) Next(row []driver.Value) error {
	if len(r.left) < len(row) {
		return io.EOF
	}
	r.left = r.left[copy(row, r.left):]
	return nil
}
