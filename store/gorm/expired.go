package gormstore

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// DeleteExpired implements [core.RefreshStore].
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	deleted := 0
	for deleted < max {
		ids, err := s.expired(ctx, before)
		if err != nil {
			return deleted, err
		}
		wanted := ids[:min(len(ids), max-deleted)]
		n, err := s.deleteSome(ctx, wanted, before)
		deleted += n
		if err != nil {
			return deleted, err
		}
		if len(ids) < maxExpired || n == 0 {
			break
		}
	}
	return deleted, nil
}

// expired returns the IDs of the records that expired first, maxExpired at most.
func (s *Store) expired(ctx context.Context, before time.Time) ([]string, error) {
	var ids []string
	err := s.read(ctx, "delete expired", func(db session) error {
		ids = nil
		return db.query(func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		}, s.sql.expired, millis(before))
	})
	return ids, err
}

// deleteSome deletes those of the records that still expired before that moment, in
// transactions of a few records, and returns how many.
func (s *Store) deleteSome(ctx context.Context, ids []string, before time.Time) (int, error) {
	deleted := 0
	for some := range slices.Chunk(ids, maxIDs) {
		n := 0
		err := s.write(ctx, "delete expired", func(db session) (err error) {
			n, err = s.deleteIDs(db, some, millis(before))
			return err
		})
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// deleteIDs deletes those of the records that expired before that moment, in milliseconds of
// Unix time, and returns how many.
func (s *Store) deleteIDs(db session, ids []string, before int64) (int, error) {
	return execIDs(db, s.sql.deleteIDs, nil, ids, []any{before})
}
