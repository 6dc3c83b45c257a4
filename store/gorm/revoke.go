package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, id string, at time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !isID(id) {
		return core.ErrNotFound
	}
	for range tries {
		n := 0
		err := s.write(ctx, "revoke", func(db session) (err error) {
			n, err = db.exec(s.sql.revoke, millis(at), id)
			return err
		})
		if n > 0 || err != nil {
			return err
		}
		t, err := s.get(ctx, "revoke", id)
		if err != nil || !t.RevokedAt.IsZero() {
			return err
		}
		// It was created since.
	}
	return errors.New("gormstore: revoke: the record changes too often")
}

// RevokeUser implements [core.RefreshStore].
func (s *Store) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	revoke := func(db session) (err error) {
		n, err = db.exec(s.sql.revokeUser, millis(at), []byte(userID), millis(at), millis(at))
		return err
	}
	var err error
	if s.dialect.oneWriter {
		err = s.write(ctx, "revoke user", revoke)
	} else {
		err = s.transact(ctx, "revoke user", func(tx session) error {
			if err := s.lockUser(tx, userID); err != nil {
				return err
			}
			// With the user locked nothing comes, and with the records locked
			// nothing moves: the update sees all of them at one moment.
			lock := func(*sql.Rows) error { return nil }
			if err := tx.query(lock, s.sql.unrevoked, []byte(userID)); err != nil {
				return err
			}
			return revoke(tx)
		})
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}
