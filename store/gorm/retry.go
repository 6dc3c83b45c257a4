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
	// patience is after how long the store no longer tries again. MySQL can take that long,
	// and longer, for one refusal.
	patience = 10 * time.Second
	// The pauses between two tries grow from the first of these to the last, about.
	firstPause, lastPause = time.Millisecond, 50 * time.Millisecond
)

// retry calls f until it succeeds, fails for good, or has failed too long for
// other transactions. The error names the operation, and wraps the error of the context
// if that is over.
func (s *Store) retry(ctx context.Context, doing string, f func() error) error {
	begun, pause := time.Now(), firstPause
	var refused error // why it was not the first time
	for {
		err := ctx.Err()
		if err == nil {
			err = f()
		}
		if err == nil {
			return nil
		}
		if passing(err) && time.Since(begun) < patience && sleep(ctx, pause) == nil {
			refused, pause = err, min(2*pause, lastPause)
			continue
		}
		over := ctx.Err()
		switch {
		case over != nil && !errors.Is(err, over):
			return fmt.Errorf("gormstore: %s: %w (%w)", doing, over, err)
		case over != nil && refused != nil:
			return fmt.Errorf("gormstore: %s: %w (%w)", doing, err, refused)
		}
		return fmt.Errorf("gormstore: %s: %w", doing, err)
	}
}

// sleep waits about so long, so that transactions that met do not meet again, or until the
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

// passing reports whether the database refused something only because of another
// transaction, and has undone it for certain. An error that leaves open whether something was
// committed is never one of these.
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
	// Without importing the other drivers, only the text tells their errors apart.
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
