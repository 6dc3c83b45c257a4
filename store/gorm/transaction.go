package gormstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
)

// read calls f, which reads in one statement, with a session for it.
func (s *Store) read(ctx context.Context, doing string, f func(session) error) error {
	return s.retry(ctx, doing, func() error { return f(session{s.db, ctx, s.pool}) })
}

// write calls f, which writes in one statement, with a session for it.
func (s *Store) write(ctx context.Context, doing string, f func(session) error) error {
	return s.retry(ctx, doing, func() error {
		end, err := s.turn(ctx)
		if err != nil {
			return err
		}
		defer end()
		return f(session{s.db, s.untilDone(ctx), s.pool})
	})
}

// transact calls f with a transaction, which it commits if f succeeds. It rolls back
// and calls f again where another transaction was in the way.
func (s *Store) transact(ctx context.Context, doing string, f func(session) error) error {
	return s.retry(ctx, doing, func() error {
		end, err := s.turn(ctx)
		if err != nil {
			return err
		}
		defer end()
		return s.transactOnce(ctx, f)
	})
}

func (s *Store) transactOnce(ctx context.Context, f func(session) error) error {
	if err := s.pool.prepare(ctx, s.sql.inTransactions...); err != nil {
		return err
	}
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return err
	}
	during := s.untilDone(ctx)
	tx, err := conn.BeginTx(during, &sql.TxOptions{Isolation: s.dialect.isolation})
	if err != nil {
		_ = conn.Close()
		return err
	}
	ended := false
	defer func() { // where f has failed, or a plugin of gorm has panicked in it
		if !ended {
			_ = s.end(during, conn, tx.Rollback)
		}
	}()
	if err := f(session{s.db, during, transaction{tx, s.pool}}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ended = true
	return s.end(during, conn, tx.Commit)
}

// untilDone returns the context for statements that write. Those of SQLite, which are short
// and local, are not interrupted: some of its drivers interrupt a connection a moment too late,
// when it does something else, or say that a statement has succeeded that never began.
func (s *Store) untilDone(ctx context.Context) context.Context {
	if s.dialect.oneWriter {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// end ends the transaction on the connection, and gives the connection back. Some drivers
// commit without a context: if it ends first, end leaves them to the network.
func (s *Store) end(ctx context.Context, conn *sql.Conn, end func() error) error {
	ended := make(chan error, 1)
	go func() {
		err := end()
		if err != nil && s.dialect.oneWriter {
			// A commit that fails for a lock can leave the transaction open.
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
		}
		_ = conn.Close()
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
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
func (s *Store) lockUser(tx session, userID string) error {
	n, err := tx.exec(s.sql.lock, s.lockNumber(userID))
	if err == nil && n == 0 && s.dialect.numbers > 0 {
		err = errors.New("the table of locks must have all its rows: Migrate makes them")
	}
	return err
}

// lockNumber returns the number of the user's lock.
func (s *Store) lockNumber(userID string) int64 {
	sum := sha256.Sum256([]byte("tokenauth lock of a user\x00" + s.table + "\x00" + userID))
	number := binary.BigEndian.Uint64(sum[:])
	if s.dialect.numbers > 0 {
		number %= s.dialect.numbers
	}
	return int64(number)
}
