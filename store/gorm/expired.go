package gormstore

import (
	"context"
	"database/sql"
	"time"
)

// DeleteExpired implements [core.RefreshStore].
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	remove := func(db session) (err error) {
		n, err = db.exec(s.sql.deleteExpired, millis(before), max)
		return err
	}
	var err error
	if s.dialect.oneWriter {
		err = s.write(ctx, "delete expired", remove)
	} else {
		err = s.transactAt(ctx, s.dialect.deleteIsolation, "delete expired", func(tx session) error {
			if s.sql.lockExpiries != "" {
				if _, err := tx.exec(s.sql.lockExpiries); err != nil {
					return err
				}
			}
			if s.sql.lockExpired != "" {
				lock := func(*sql.Rows) error { return nil }
				if err := tx.query(lock, s.sql.lockExpired, millis(before), max); err != nil {
					return err
				}
			}
			return remove(tx)
		})
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}
