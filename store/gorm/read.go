package gormstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	if err := ctx.Err(); err != nil {
		return core.Record{}, err
	}
	if !isID(id) {
		return core.Record{}, core.ErrNotFound
	}
	return s.get(ctx, "get", id)
}

// get reads the record of that id, for what is being done.
func (s *Store) get(ctx context.Context, doing, id string) (core.Record, error) {
	var t core.Record
	found := false
	err := s.read(ctx, doing, func(db session) error {
		return db.query(func(rows *sql.Rows) (err error) {
			found = true
			t, err = scan(rows)
			return err
		}, s.sql.get, id)
	})
	if err == nil && !found {
		err = core.ErrNotFound
	}
	return t, err
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var tokens []core.Record
	err := s.read(ctx, "list user", func(db session) error {
		tokens = nil
		return db.query(func(rows *sql.Rows) error {
			t, err := scan(rows)
			tokens = append(tokens, t)
			return err
		}, s.sql.list, []byte(userID), millis(at))
	})
	if err != nil {
		return nil, err
	}
	return tokens, nil
}
