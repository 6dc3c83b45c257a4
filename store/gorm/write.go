package gormstore

import (
	"context"
	"database/sql"
	"errors"

	"gorm.io/gorm"
)

// write calls f, which writes in one statement, with a session for it.
func (s *Store) write(ctx context.Context, doing string, f func(session) error) error {
	return s.retry(ctx, doing, func() error {
		end, err := s.turn(ctx)
		if err != nil {
			return err
		}
		defer end()
		if !s.dialect.oneWriter {
			return s.writeServer(ctx, f)
		}
		longer := ctx
		if s.pool.Stats().MaxOpenConnections == 0 {
			// There is no connection to wait for, and SQLite's drivers see a
			// statement through in any case: a context that can end would only
			// cost some goroutines.
			longer = context.WithoutCancel(ctx)
		}
		return f(session{s.db, longer, s.pool})
	})
}

// writeServer is write on a server. A call lingers for its statement, but not for a
// connection that it has to wait for.
func (s *Store) writeServer(ctx context.Context, f func(session) error) error {
	var connections gorm.ConnPool = s.pool
	if s.pool.Stats().MaxOpenConnections > 0 {
		conn, err := s.pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // it goes back to the pool
		connections = conn
		if s.dialect.literal {
			connections = &literal{conn, ctx}
		}
	}
	longer, end := linger(ctx)
	defer end()
	return f(session{s.db, longer, connections})
}

// read calls f, which reads in one statement, with a session for it.
func (s *Store) read(ctx context.Context, doing string, f func(session) error) error {
	return s.retry(ctx, doing, func() error { return f(session{s.db, ctx, s.pool}) })
}

// transact calls f with a transaction that is committed if f succeeds.
//
// At a higher level than this a statement would not see what was committed while the
// transaction waited for its lock, and MySQL would lock gaps between records, other
// users' logins among them.
func (s *Store) transact(ctx context.Context, doing string, f func(session) error) error {
	return s.transactAt(ctx, sql.LevelReadCommitted, doing, f)
}

// transactAt is transact at a level of isolation. SQLite has only one.
func (s *Store) transactAt(ctx context.Context, level sql.IsolationLevel, doing string, f func(session) error) error {
	return s.retry(ctx, doing, func() error {
		end, err := s.turn(ctx)
		if err != nil {
			return err
		}
		defer end()
		var tx transaction
		during := ctx
		switch {
		case s.dialect.oneWriter:
			during = context.WithoutCancel(ctx)
			tx, err = s.pool.beginImmediate(ctx)
		case s.dialect.literal:
			tx, err = s.pool.beginLiteral(ctx, level)
		default:
			tx, err = s.pool.begin(ctx, level)
		}
		if err != nil {
			return err
		}
		ended := false
		defer func() { // where f has failed, or a plugin of gorm has panicked in it
			if !ended {
				_ = tx.Rollback()
			}
		}()
		if err := f(session{s.db, during, tx}); err != nil {
			return err
		}
		ended = true
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
func (s *Store) lockUser(tx session, userID string) error {
	if s.dialect.oneWriter {
		return nil
	}
	number := lockNumber("user", s.table, userID)
	if s.dialect.numbers > 0 {
		number = int64(uint64(number) % s.dialect.numbers)
	}
	n, err := tx.exec(s.sql.lock, number)
	if err == nil && n == 0 {
		err = errors.New("there is no row to lock: Migrate makes them")
	}
	return err
}
