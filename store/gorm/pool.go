package gormstore

import (
	"context"
	"database/sql"
	"sync"

	"gorm.io/gorm"
)

// pool gives gorm the connections of a [sql.DB] and keeps the statements prepared
// that the store uses. gorm's own cache of them (gorm.Config.PrepareStmt) is not for
// a store: whoever waits there for a statement that another is preparing holds a
// lock of the cache, so that a transaction on the last free connection can wait for
// ever, and one caller's cancelled context fails others. It is safe for concurrent
// use.
type pool struct {
	*sql.DB
	prepares bool
	mu       sync.RWMutex
	prepared map[string]*sql.Stmt // by their text, as long as the sql.DB
}

var _ gorm.ConnPool = (*pool)(nil)

// statement returns the prepared statement of that text, or nil where there is none.
func (p *pool) statement(query string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.prepared[query]
}

// prepare returns the prepared statement of that text. It may wait for a
// connection, so whoever holds one must not call it.
func (p *pool) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := p.statement(query); s != nil {
		return s, nil
	}
	made, err := p.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	kept := p.keep(query, made)
	if kept != made {
		// Somebody else's came first. To close this one waits until its connection is
		// idle, and that may wait for the locks of somebody who needs p.mu.
		_ = made.Close()
	}
	return kept, nil
}

// keep keeps the statement unless there is one already, and returns the one that is
// kept.
func (p *pool) keep(query string, made *sql.Stmt) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.prepared[query]; s != nil {
		return s
	}
	p.prepared[query] = made
	return made
}

func (p *pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if !p.prepares {
		return p.DB.ExecContext(ctx, query, args...)
	}
	s, err := p.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if !p.prepares {
		return p.DB.QueryContext(ctx, query, args...)
	}
	s, err := p.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// Commit and Rollback are never called. Plugins that send reads to replicas leave
// alone what has them, for a transaction, and a replica's reads would not be
// linearizable.
func (p *pool) Commit() error { return gorm.ErrInvalidTransaction }

// Rollback: see Commit.
func (p *pool) Rollback() error { return gorm.ErrInvalidTransaction }
