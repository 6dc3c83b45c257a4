package adversary_test

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// plainStore is the plainest store, which can be set back. It is for one goroutine
// at a time.
type plainStore struct {
	records map[string]core.RefreshToken
	// past is what each record was, the newest last.
	past map[string][]core.RefreshToken
	// snapshots are earlier states of the whole, the newest last.
	snapshots []map[string]core.RefreshToken
}

func newPlainStore() core.RefreshStore {
	return &plainStore{records: map[string]core.RefreshToken{}, past: map[string][]core.RefreshToken{}}
}

func (s *plainStore) of(userID string) []core.RefreshToken {
	var found []core.RefreshToken
	for _, r := range s.records {
		if r.UserID == userID {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b core.RefreshToken) int {
		return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(b.ID, a.ID))
	})
	return found
}

func (s *plainStore) Create(ctx context.Context, t core.RefreshToken, limit int) error {
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

func (s *plainStore) Get(ctx context.Context, id string) (core.RefreshToken, error) {
	r, ok := s.records[id]
	if !ok {
		return r, cmp.Or(ctx.Err(), core.ErrNotFound)
	}
	return r, ctx.Err()
}

func (s *plainStore) Exchange(ctx context.Context, x core.Exchange) (core.RefreshToken, error) {
	r, err := s.Get(ctx, x.ID)
	if err != nil {
		return r, err
	}
	at := r.Generation == x.Generation && r.AccessRef == x.From
	if !r.Live(x.At) || !at && r.Generation >= x.Generation {
		return r, core.ErrConflict
	}
	s.past[x.ID] = append(s.past[x.ID], r)
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

func (s *plainStore) ListUser(ctx context.Context, userID string, at time.Time) ([]core.RefreshToken, error) {
	return slices.DeleteFunc(s.of(userID), func(r core.RefreshToken) bool { return !r.Live(at) }), ctx.Err()
}

// DeleteExpired deletes all, whatever max is.
func (s *plainStore) DeleteExpired(ctx context.Context, before time.Time, _ int) (int, error) {
	n := len(s.records)
	maps.DeleteFunc(s.records, func(_ string, r core.RefreshToken) bool { return r.ExpiresAt.Before(before) })
	return n - len(s.records), ctx.Err()
}

// forget sets one record back by some exchanges, and leaves its revocation. It
// returns the record before and after.
func (s *plainStore) forget(rng *rand.Rand) (before, after core.RefreshToken, ok bool) {
	ids := slices.DeleteFunc(slices.Collect(maps.Keys(s.past)), func(id string) bool { return len(s.past[id]) == 0 })
	if len(ids) == 0 {
		return before, after, false
	}
	// The order of a map is random, that of the logins is the schedule's.
	slices.SortFunc(ids, func(a, b string) int { return s.records[a].IssuedAt.Compare(s.records[b].IssuedAt) })
	id := ids[rng.IntN(len(ids))]
	n := rng.IntN(len(s.past[id]))
	before, after = s.records[id], s.past[id][n]
	after.RevokedAt = before.RevokedAt
	s.past[id], s.records[id] = s.past[id][:n], after
	return before, after, true
}

// snapshot keeps the state.
func (s *plainStore) snapshot() { s.snapshots = append(s.snapshots, maps.Clone(s.records)) }

// restore sets the whole back to a snapshot, those after which are lost. It
// returns the state before.
func (s *plainStore) restore(rng *rand.Rand) (before map[string]core.RefreshToken, ok bool) {
	if len(s.snapshots) == 0 {
		return nil, false
	}
	n := rng.IntN(len(s.snapshots))
	before = s.records
	s.records, s.snapshots = maps.Clone(s.snapshots[n]), s.snapshots[:n+1]
	// What each record was before is not known any more.
	clear(s.past)
	return before, true
}
