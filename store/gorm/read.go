package gormstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	if err := ctx.Err(); err != nil {
		return core.Record{}, err
	}
	if !core.ValidID(id) {
		return core.Record{}, core.ErrNotFound
	}
	return s.get(ctx, "get", id)
}

// get reads the record of that ID, for what is being done.
func (s *Store) get(ctx context.Context, doing, id string) (core.Record, error) {
	found, err := s.list(ctx, doing, s.sql.get, id)
	if err != nil {
		return core.Record{}, err
	}
	if len(found) == 0 {
		return core.Record{}, core.ErrNotFound
	}
	return found[0], nil
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	unrevoked, err := s.list(ctx, "list user", s.sql.unrevoked, []byte(userID))
	if err != nil {
		return nil, err
	}
	live := slices.DeleteFunc(unrevoked, func(r core.Record) bool { return !r.Live(at) })
	newestFirst(live)
	return live, nil
}

// Records implements [core.RecordIterator]. It reads the records in the order of their IDs.
func (s *Store) Records(ctx context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		last := ""
		for {
			if err := ctx.Err(); err != nil {
				yield(core.Record{}, err)
				return
			}
			next, err := s.list(ctx, "records", s.sql.next, last)
			if err != nil {
				yield(core.Record{}, err)
				return
			}
			for _, r := range next {
				if !yield(r, nil) {
					return
				}
				last = r.ID
			}
			if len(next) < maxRecords {
				return
			}
		}
	}
}

// list reads records in one statement, for what is being done.
func (s *Store) list(ctx context.Context, doing, query string, args ...any) (list []core.Record, err error) {
	err = s.read(ctx, doing, func(db session) (err error) {
		list, err = records(db, query, args...)
		return err
	})
	return list, err
}

// records executes a statement that returns all columns of records.
func records(db session, query string, args ...any) ([]core.Record, error) {
	var list []core.Record
	err := db.query(func(rows *sql.Rows) error {
		r, err := scan(rows)
		list = append(list, r)
		return err
	}, query, args...)
	return list, err
}

// In the database a moment is milliseconds of Unix time.

func millis(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// revokedAt returns the value of the record's RevokedAt.
func revokedAt(r core.Record) sql.NullInt64 {
	if r.RevokedAt.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: millis(r.RevokedAt), Valid: true}
}

// values returns the values of a record in the order of columns.
func values(r core.Record) []any {
	return []any{
		r.ID, []byte(r.UserID), r.Generation, r.AccessRef[:], r.PreviousRef[:], []byte(r.Device),
		append([]byte{}, r.Data...), // nil would be NULL
		millis(r.IssuedAt), millis(r.ExchangedAt), millis(r.ExpiresAt), revokedAt(r),
	}
}

// scan reads the record that the rows stand at.
func scan(rows *sql.Rows) (core.Record, error) {
	var (
		r                                core.Record
		accessRef, previousRef           sql.RawBytes
		issuedAt, exchangedAt, expiresAt int64
		revokedAt                        sql.NullInt64
	)
	if err := rows.Scan(&r.ID, &r.UserID, &r.Generation, &accessRef, &previousRef, &r.Device, &r.Data,
		&issuedAt, &exchangedAt, &expiresAt, &revokedAt); err != nil {
		return core.Record{}, err
	}
	if len(accessRef) != len(r.AccessRef) || len(previousRef) != len(r.PreviousRef) {
		return core.Record{}, fmt.Errorf("the references of a record must be %d bytes long", len(r.AccessRef))
	}
	r.AccessRef, r.PreviousRef = core.Ref(accessRef), core.Ref(previousRef)
	r.IssuedAt, r.ExchangedAt, r.ExpiresAt = moment(issuedAt), moment(exchangedAt), moment(expiresAt)
	if revokedAt.Valid {
		r.RevokedAt = moment(revokedAt.Int64)
	}
	if err := r.Validate(); err != nil {
		return core.Record{}, fmt.Errorf("a record is damaged: %w", err)
	}
	return r, nil
}
