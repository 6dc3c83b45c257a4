package adversary_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// plainStore is the plainest store. It is for one goroutine at a time.
type plainStore struct{ records map[string]core.Record }

func newPlainStore() core.RefreshStore { return &plainStore{map[string]core.Record{}} }

func (s *plainStore) of(userID string) []core.Record {
	var found []core.Record
	for _, r := range s.records {
		if r.UserID == userID {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b core.Record) int {
		return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(b.ID, a.ID))
	})
	return found
}

func (s *plainStore) Create(ctx context.Context, t core.Record, limit int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	live := 1
	for _, r := range s.of(t.UserID) {
		if !r.Live(t.IssuedAt) {
			continue
		}
		if live++; limit > 0 && live > limit {
			r.RevokedAt = t.IssuedAt
			s.records[r.ID] = r
		}
	}
	s.records[t.ID] = t
	return nil
}

func (s *plainStore) Get(ctx context.Context, id string) (core.Record, error) {
	r, ok := s.records[id]
	if !ok {
		return r, cmp.Or(ctx.Err(), core.ErrNotFound)
	}
	return r, ctx.Err()
}

func (s *plainStore) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r, err := s.Get(ctx, x.ID)
	if err != nil {
		return r, err
	}
	at := r.Generation == x.Generation && r.AccessRef == x.From
	if !r.Live(x.At) || !at && r.Generation >= x.Generation {
		return r, core.ErrConflict
	}
	r.Generation, r.AccessRef, r.PreviousRef = x.Generation+1, x.To, x.From
	r.ExchangedAt, r.ExpiresAt = x.At, x.ExpiresAt
	s.records[x.ID] = r
	return r, nil
}

func (s *plainStore) Revoke(ctx context.Context, id string, at time.Time) error {
	r, err := s.Get(ctx, id)
	if err == nil && r.RevokedAt.IsZero() {
		r.RevokedAt = at
		s.records[id] = r
	}
	return err
}

func (s *plainStore) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	for _, r := range s.of(userID) {
		if r.Live(at) && !r.IssuedAt.After(at) {
			r.RevokedAt = at
			s.records[r.ID] = r
			n++
		}
	}
	return n, nil
}

func (s *plainStore) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	return slices.DeleteFunc(s.of(userID), func(r core.Record) bool { return !r.Live(at) }), ctx.Err()
}

// DeleteExpired deletes all, whatever max is.
func (s *plainStore) DeleteExpired(ctx context.Context, before time.Time, _ int) (int, error) {
	n := len(s.records)
	maps.DeleteFunc(s.records, func(_ string, r core.Record) bool { return r.ExpiresAt.Before(before) })
	return n - len(s.records), ctx.Err()
}
