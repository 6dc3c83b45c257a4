package gormstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tokenauth/tokenauth/core"
)

// tries is how often a record is looked at again that another caller changed back
// and forth between an update and the look that explains it.
const tries = 10

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if err := ctx.Err(); err != nil {
		return core.Record{}, err
	}
	if !isID(x.ID) {
		return core.Record{}, core.ErrNotFound
	}
	exchange := s.exchangeReading
	if s.dialect.returning {
		exchange = s.exchangeReturning
	}
	for range tries {
		t, done, err := exchange(ctx, x)
		if done || err != nil {
			return t, err
		}
	}
	return core.Record{}, errors.New("gormstore: exchange: the record changes too often")
}

// exchangeReturning updates the record, which returns it. Only where that fails it
// reads why. It is not done if the record would not refuse the exchange any more.
func (s *Store) exchangeReturning(ctx context.Context, x core.Exchange) (t core.Record, done bool, err error) {
	err = s.write(ctx, "exchange", func(db session) error {
		done = false
		return db.query(func(rows *sql.Rows) error {
			done = true
			t, err = scan(rows)
			return err
		}, s.sql.exchange, exchangeValues(x)...)
	})
	if done || err != nil {
		return t, done, err
	}
	t, err = s.get(ctx, "exchange", x.ID)
	if err != nil || allows(t, x) {
		return core.Record{}, false, err
	}
	return t, true, core.ErrConflict
}

// exchangeReading reads the record first, for the columns that an update does not
// return and that never change; the update makes sure that it is still that
// record, and not a later one of its id. It is not done if the record was changed
// before the update.
func (s *Store) exchangeReading(ctx context.Context, x core.Exchange) (core.Record, bool, error) {
	t, err := s.get(ctx, "exchange", x.ID)
	if err != nil {
		return core.Record{}, false, err
	}
	if !allows(t, x) {
		return t, true, core.ErrConflict
	}
	done := false
	err = s.write(ctx, "exchange", func(db session) error {
		n, err := db.exec(s.sql.exchange, append(exchangeValues(x), millis(t.IssuedAt), []byte(t.Device), data(t))...)
		done = n == 1 // it always changes the generation, so it counts
		return err
	})
	if !done || err != nil {
		return core.Record{}, false, err
	}
	return moved(t, x), true, nil
}

// exchangeValues returns the values of the statement of an exchange.
func exchangeValues(x core.Exchange) []any {
	return []any{
		x.Generation + 1, x.To[:], x.From[:], millis(x.At), millis(x.ExpiresAt),
		x.ID, millis(x.At), x.Generation, x.Generation, x.From[:],
	}
}
