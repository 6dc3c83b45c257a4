package gormstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"gorm.io/gorm"
)

// write calls f, which writes in one statement, with a session for it.
func (s *Store) write(ctx context.Context, doing string, f func(*gorm.DB) error) error {
	return s.retry(ctx, doing, func() error {
		end, err := s.turn(ctx)
		if err != nil {
			return err
		}
		defer end()
		return f(on(s.db, ctx, s.pool))
	})
}

// read calls f, which reads in one statement, with a session for it.
func (s *Store) read(ctx context.Context, doing string, f func(*gorm.DB) error) error {
	return s.retry(ctx, doing, func() error { return f(on(s.db, ctx, s.pool)) })
}

// transact calls f with a transaction that is committed if f succeeds. It is told
// the statements that f will use.
func (s *Store) transact(ctx context.Context, doing string, f func(*gorm.DB) error, statements ...string) error {
	return s.retry(ctx, doing, func() error {
		end, err := s.turn(ctx)
		if err != nil {
			return err
		}
		defer end()
		var tx transaction
		if s.dialect.oneWriter {
			tx, err = s.pool.beginImmediate(ctx)
		} else {
			tx, err = s.pool.begin(ctx, statements...)
		}
		if err != nil {
			return err
		}
		if err := f(on(s.db, ctx, tx)); err != nil {
			_ = tx.Rollback() // it was to fail anyway
			return err
		}
		return tx.Commit()
	})
}

// turn waits until it is the caller's turn to write and returns the function that
// ends it.
func (s *Store) turn(ctx context.Context) (end func(), err error) {
	if !s.dialect.oneWriter {
		return func() {}, nil
	}
	select {
	case s.writing <- struct{}{}:
		return func() { <-s.writing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lockUser makes the transaction wait for all others that have locked the user.
// Locks of records would not do: one that is being created is not there yet.
func (s *Store) lockUser(tx *gorm.DB, userID string) error {
	if s.dialect.oneWriter {
		return nil
	}
	sum := sha256.Sum256([]byte("tokenauth user lock\x00" + s.table + "\x00" + userID))
	key := binary.BigEndian.Uint64(sum[:])
	if s.dialect.numbers > 0 {
		key %= s.dialect.numbers
	}
	n, err := exec(tx, s.sql.lock, int64(key))
	if err == nil && n == 0 {
		err = errors.New("there is no row to lock: Migrate makes them")
	}
	return err
}
