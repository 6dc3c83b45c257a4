package gormstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"

	"gorm.io/gorm"
)

// transaction is one that has begun. It is not safe for concurrent use.
type transaction interface {
	gorm.ConnPool
	// Commit and Rollback end the transaction and give its connection back,
	// whether they succeed or not.
	Commit() error
	Rollback() error
}

// begin begins a transaction of database/sql.
func (p *pool) begin(ctx context.Context, level sql.IsolationLevel) (transaction, error) {
	conn, err := p.Conn(ctx)
	if err != nil {
		return nil, err
	}
	longer, end := linger(ctx)
	tx, err := conn.BeginTx(longer, &sql.TxOptions{Isolation: level})
	if err != nil {
		end()
		_ = conn.Close()
		return nil, err
	}
	return &serverTransaction{Tx: tx, ctx: ctx, conn: conn, end: end}, nil
}

// serverTransaction is a transaction of database/sql.
type serverTransaction struct {
	*sql.Tx
	ctx  context.Context
	conn *sql.Conn
	end  func()
}

func (t *serverTransaction) Commit() error {
	defer t.close()
	if err := t.ctx.Err(); err != nil {
		_ = t.Tx.Rollback()
		return err
	}
	return t.Tx.Commit()
}

func (t *serverTransaction) Rollback() error {
	defer t.close()
	return t.Tx.Rollback()
}

func (t *serverTransaction) close() {
	t.end()
	_ = t.conn.Close()
}

// beginImmediate begins a transaction of SQLite that has the write lock from its
// start. database/sql has no word for that: its transactions would read first, and
// fail when they then write after somebody else.
func (p *pool) beginImmediate(ctx context.Context) (transaction, error) {
	conn, err := p.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &immediate{conn, ctx}
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "BEGIN IMMEDIATE"); err != nil {
		_ = t.Close() // it has not begun
		return nil, err
	}
	return t, nil
}

// immediate is a transaction on a connection that nobody else uses meanwhile. No
// statement in it may have a context that ends: the drivers would interrupt the
// connection, and some of them a moment too late, when it does something else.
type immediate struct {
	*sql.Conn
	ctx context.Context
}

func (t *immediate) Commit() error {
	err := t.ctx.Err()
	if err == nil {
		_, err = t.ExecContext(context.WithoutCancel(t.ctx), "COMMIT")
	}
	if err != nil {
		// Where the commit failed for a lock the transaction is still open.
		_ = t.Rollback()
		return err
	}
	_ = t.Close()
	return nil
}

func (t *immediate) Rollback() error {
	_, err := t.ExecContext(context.WithoutCancel(t.ctx), "ROLLBACK")
	if err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		// Nobody must get this connection with an open transaction.
		_ = t.Raw(func(any) error { return driver.ErrBadConn })
	}
	return t.Close()
}
