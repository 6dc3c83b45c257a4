package gormstore

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
)

// session executes statements through gorm on one pool or transaction. It costs
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
