package gormstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

const (
	// attempts is how often the store tries what a database with many writers refused
	// because of another transaction.
	attempts = 30
	// patience is after how long it tries no more. SQLite's write lock has no queue, so
	// that whoever holds it often may keep others waiting for long: there the tries are
	// not counted. MySQL may take that long, and longer, for one refusal.
	patience = 10 * time.Second
	// The pauses between two tries grow from the first of these to the last, about.
	firstPause, lastPause = time.Millisecond, 50 * time.Millisecond
)

// retry calls f until it succeeds, fails for good, or has failed too often for
// other transactions. In an error it says what was being done, and the error of
// the context where that is over.
func (s *Store) retry(ctx context.Context, doing string, f func() error) error {
	begun, pause := time.Now(), firstPause
	for n := 1; ; n++ {
		err := ctx.Err()
		if err == nil {
			err = f()
		}
		if err == nil {
			return nil
		}
		enough := time.Since(begun) > patience || n == attempts && !s.dialect.oneWriter
		if !enough && passing(err) && sleep(ctx, pause) == nil {
			pause = min(2*pause, lastPause)
			continue
		}
		if over := ctx.Err(); over != nil && !errors.Is(err, over) {
			return fmt.Errorf("gormstore: %s: %w (%w)", doing, over, err)
		}
		return fmt.Errorf("gormstore: %s: %w", doing, err)
	}
}

// sleep waits about so long, so that those who met don't meet again, or until the
// context is over.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passing reports whether the database refused something for another transaction
// alone, has undone it for certain, and may well accept it the next time.
func passing(err error) bool {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		switch state.SQLState() {
		case "40001", // serialization failure
			"40P01", // deadlock
			"55P03": // a lock was not available within lock_timeout
			return true
		}
		return false
	}
	// The other drivers' errors can only be told by their text without importing
	// the drivers.
	for ; err != nil; err = errors.Unwrap(err) {
		text := err.Error()
		for _, prefix := range []string{
			"database is locked", "database table is locked", "database schema is locked", // SQLite
			"interrupted", // SQLite: late, for an earlier call on the connection
			"Error 1205",  // MySQL: lock wait timeout
			"Error 1213",  // MySQL: deadlock
			"Error 1020",  // MariaDB: changed since the transaction's snapshot
		} {
			if strings.HasPrefix(text, prefix) {
				return true
			}
		}
	}
	return false
}
