package gormstore

import (
	"context"
	"errors"

	"github.com/tokenauth/tokenauth/core"
)

// tries is how often a record is looked at again that other callers changed between the
// steps of a change.
const tries = 10

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if err := ctx.Err(); err != nil {
		return core.Record{}, err
	}
	if !core.ValidID(x.ID) {
		return core.Record{}, core.ErrNotFound
	}
	r, changed, err := s.change(ctx, "exchange", x.ID,
		func(r core.Record) (core.Record, bool) { return r.Exchanged(x) },
		s.sql.exchange, x.Generation+1, x.To[:], x.From[:], millis(x.At), millis(x.ExpiresAt),
		x.ID, millis(x.At), x.Generation, x.Generation, x.From[:])
	if err == nil && !changed {
		err = core.ErrConflict
	}
	return r, err
}

// change changes an unrevoked record, and reports whether it did. It returns the record as
// it then stands. next returns the record as it is after the change, or false if
// it cannot be changed. The statement does the same in one step, and returns the record.
func (s *Store) change(
	ctx context.Context, doing, id string,
	next func(core.Record) (core.Record, bool),
	statement string, args ...any,
) (core.Record, bool, error) {
	for range tries {
		if s.dialect.returning {
			changed, err := s.update(ctx, doing, statement, args)
			if err != nil {
				return core.Record{}, false, err
			}
			if len(changed) > 0 {
				return changed[0], true, nil
			}
		}
		old, err := s.get(ctx, doing, id)
		if err != nil {
			return core.Record{}, false, err
		}
		r, possible := next(old)
		if !possible {
			return old, false, nil
		}
		if !s.dialect.returning {
			replaced, err := s.replace(ctx, doing, old, r)
			if err != nil {
				return core.Record{}, false, err
			}
			if replaced {
				return r, true, nil
			}
		}
	}
	if err := s.checkSettings(ctx, doing); err != nil {
		return core.Record{}, false, err
	}
	return core.Record{}, false, errors.New("gormstore: " + doing + ": the record changes too often")
}

// update executes a statement and returns the records that it changed.
func (s *Store) update(ctx context.Context, doing, statement string, args []any) (changed []core.Record, err error) {
	err = s.write(ctx, doing, func(db session) (err error) {
		changed, err = records(db, statement, args...)
		return err
	})
	return changed, err
}

// replace changes the record old to r, if it still stands as old, which is unrevoked. It
// reports whether it did.
func (s *Store) replace(ctx context.Context, doing string, old, r core.Record) (bool, error) {
	n := 0
	err := s.write(ctx, doing, func(db session) (err error) {
		n, err = db.exec(s.sql.replace,
			r.Generation, r.AccessRef[:], r.PreviousRef[:], millis(r.ExchangedAt), millis(r.ExpiresAt), revokedAt(r),
			old.ID, old.Generation, old.AccessRef[:], millis(old.IssuedAt), millis(old.ExchangedAt), millis(old.ExpiresAt))
		return err
	})
	return n == 1, err
}
