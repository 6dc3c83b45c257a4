package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// DeleteExpired implements [core.RefreshStore].
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	remove := func(db *gorm.DB) (err error) {
		n, err = exec(db, s.sql.deleteExpired, millis(before), max)
		return err
	}
	var err error
	if s.dialect.oneWriter {
		err = s.write(ctx, "delete expired", remove)
	} else {
		// For its isolation level: at MySQL's own a DELETE locks gaps, and
		// holds up those who log in.
		err = s.transact(ctx, "delete expired", remove, s.sql.deleteExpired)
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}
