package gormstore

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// pool gives gorm the connections of a [sql.DB] and keeps the statements prepared
// that the store uses. gorm's own cache of them (gorm.Config.PrepareStmt) does not suit a
// store: a caller that waits there for a statement that another is preparing holds a
// lock of the cache, so that a transaction on the last free connection can wait for
// ever, and one caller's cancelled context fails others. It is safe for concurrent
// use.
type pool struct {
	*sql.DB
	prepares bool
	prepared sync.Map // of *sql.Stmt by their text, as long as the sql.DB
}

var _ gorm.ConnPool = (*pool)(nil)

// unprepared returns a pool of the same connections that prepares nothing.
func (p *pool) unprepared() *pool { return &pool{DB: p.DB} }

// statement returns the prepared statement of that text, or nil.
func (p *pool) statement(query string) *sql.Stmt {
	s, _ := p.prepared.Load(query)
	made, _ := s.(*sql.Stmt)
	return made
}

// prepare prepares the statements, if that is to be done. It may wait for a connection,
// so a caller that holds one must not call it.
func (p *pool) prepare(ctx context.Context, queries ...string) error {
	for _, query := range queries {
		if !p.prepares || p.statement(query) != nil {
			continue
		}
		made, err := p.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		if _, earlier := p.prepared.LoadOrStore(query, made); earlier {
			_ = made.Close()
		}
	}
	return nil
}

func (p *pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.prepare(ctx, query); err != nil {
		return nil, err
	}
	if s := p.statement(query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return p.DB.ExecContext(ctx, query, args...)
}

func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.prepare(ctx, query); err != nil {
		return nil, err
	}
	if s := p.statement(query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return p.DB.QueryContext(ctx, query, args...)
}

// Commit and Rollback are never called. Plugins that send reads to replicas leave
// alone what has them, for a transaction, and a replica's reads would not be
// linearizable.
func (p *pool) Commit() error { return gorm.ErrInvalidTransaction }

// Rollback: see Commit.
func (p *pool) Rollback() error { return gorm.ErrInvalidTransaction }

// transaction is a transaction that uses the prepared statements of a pool. It is not
// safe for concurrent use.
type transaction struct {
	*sql.Tx
	pool *pool
}

func (t transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if s := t.pool.statement(query); s != nil {
		return t.StmtContext(ctx, s).ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

func (t transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := t.pool.statement(query); s != nil {
		return t.StmtContext(ctx, s).QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// session executes statements through gorm on a pool or in a transaction. It costs
// less than a gorm.Session, which copies the whole configuration. It is as safe
// for concurrent use as its connections.
type session struct {
	db          *gorm.DB
	ctx         context.Context
	connections gorm.ConnPool
}

func (s session) raw(query string, args []any) *gorm.DB {
	tx := s.db.Raw(query, args...)
	tx.Statement.Context, tx.Statement.ConnPool = s.ctx, s.connections
	return tx
}

// exec executes a statement and returns how many rows it changed.
func (s session) exec(query string, args ...any) (int, error) {
	tx := s.raw(query, args)
	tx = tx.Callback().Raw().Execute(tx)
	return int(tx.RowsAffected), tx.Error
}

// query executes a statement and gives each row that it returns to read.
func (s session) query(read func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.raw(query, args).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // it is at its end, or has failed already
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// discreet is the caller's logger without the values in the store's statements,
// which are the users' data, and without the errors that the store deals with. It
// is as safe for concurrent use as the caller's.
type discreet struct {
	logger.Interface
	expected func(error) bool
}

func (l discreet) Trace(ctx context.Context, begin time.Time, fc func() (sql string, rowsAffected int64), err error) {
	if err != nil && l.expected(err) {
		err = nil
	}
	l.Interface.Trace(ctx, begin, fc, err)
}

// ParamsFilter implements gorm.ParamsFilter.
func (l discreet) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
