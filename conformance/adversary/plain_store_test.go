package adversary_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// plainStore is the plainest store. It is for one goroutine at a time.
type plainStore struct{ records map[string]core.Record }

func newPlainStore() core.RefreshStore { return &plainStore{map[string]core.Record{}} }

// newestFirst returns the records for which ok returns true.
func (s *plainStore) newestFirst(ok func(core.Record) bool) []core.Record {
	var found []core.Record
	for _, r := range s.records {
		if ok(r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b core.Record) int { return core.CompareRecords(b, a) })
	return found
}

// revoke revokes the records and returns them as they stand then.
func (s *plainStore) revoke(records []core.Record, at time.Time) []core.Record {
	for i := range records {
		records[i].RevokedAt = at
		s.records[records[i].ID] = records[i]
	}
	return records
}

func (s *plainStore) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, ok := s.records[r.ID]; ok {
		return nil, core.ErrExists
	}
	live, _ := s.ListUser(ctx, r.UserID, r.IssuedAt)
	s.records[r.ID] = r
	if limit <= 0 || len(live) < limit {
		return nil, nil
	}
	return s.revoke(live[limit-1:], r.IssuedAt), nil
}

func (s *plainStore) Get(ctx context.Context, id string) (core.Record, error) {
	if err := ctx.Err(); err != nil {
		return core.Record{}, err
	}
	r, ok := s.records[id]
	if !ok {
		return r, core.ErrNotFound
	}
	return r, nil
}

func (s *plainStore) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r, err := s.Get(ctx, x.ID)
	if err != nil {
		return r, err
	}
	r, ok := r.Exchanged(x)
	if !ok {
		return r, core.ErrConflict
	}
	s.records[x.ID] = r
	return r, nil
}

func (s *plainStore) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.revoke(s.newestFirst(func(r core.Record) bool { return v.Selects(r) && r.RevokedAt.IsZero() }), v.At), nil
}

func (s *plainStore) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	return s.newestFirst(func(r core.Record) bool { return r.UserID == userID && r.Live(at) }), ctx.Err()
}

// DeleteExpired deletes all, whatever max is.
func (s *plainStore) DeleteExpired(ctx context.Context, before time.Time, _ int) (int, error) {
	n := len(s.records)
	maps.DeleteFunc(s.records, func(_ string, r core.Record) bool { return r.ExpiresAt.Before(before) })
	return n - len(s.records), ctx.Err()
}
