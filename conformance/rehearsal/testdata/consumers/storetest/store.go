// Package mystore is somebody's own store: a map behind a lock.
package mystore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Store is a store. It is safe for concurrent use.
type Store struct {
	mu      sync.Mutex
	records map[string]core.Record
}

// New returns an empty store.
func New() *Store { return &Store{records: map[string]core.Record{}} }

func clone(t core.Record) core.Record {
	t.Data = bytes.Clone(t.Data)
	return t
}

// newestFirst returns the records of which f is true.
func (s *Store) newestFirst(f func(core.Record) bool) []core.Record {
	var found []core.Record
	for _, t := range s.records {
		if f(t) {
			found = append(found, clone(t))
		}
	}
	slices.SortFunc(found, func(a, b core.Record) int {
		return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(b.ID, a.ID))
	})
	return found
}

func (s *Store) Create(ctx context.Context, t core.Record, limit int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, ok := s.records[t.ID]; ok {
		return core.ErrExists
	}
	live := s.newestFirst(func(o core.Record) bool { return o.UserID == t.UserID && o.Live(t.IssuedAt) })
	if limit > 0 && len(live) >= limit {
		for _, old := range live[limit-1:] {
			old.RevokedAt = t.IssuedAt
			s.records[old.ID] = old
		}
	}
	s.records[t.ID] = clone(t)
	return nil
}

func (s *Store) get(ctx context.Context, id string) (core.Record, error) {
	if err := ctx.Err(); err != nil {
		return core.Record{}, err
	}
	t, ok := s.records[id]
	if !ok {
		return core.Record{}, core.ErrNotFound
	}
	return clone(t), nil
}

func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get(ctx, id)
}

func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.get(ctx, x.ID)
	if err != nil {
		return t, err
	}
	stands := t.Generation == x.Generation && t.AccessRef == x.From || t.Generation < x.Generation
	if !t.Live(x.At) || !stands {
		return t, core.ErrConflict
	}
	t.Generation, t.AccessRef, t.PreviousRef = x.Generation+1, x.To, x.From
	t.ExchangedAt, t.ExpiresAt = x.At, x.ExpiresAt
	s.records[t.ID] = clone(t)
	return t, nil
}

func (s *Store) Revoke(ctx context.Context, id string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.get(ctx, id)
	if err == nil && t.RevokedAt.IsZero() {
		t.RevokedAt = at
		s.records[id] = t
	}
	return err
}

func (s *Store) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	live := s.newestFirst(func(t core.Record) bool {
		return t.UserID == userID && t.Live(at) && !t.IssuedAt.After(at)
	})
	for _, t := range live {
		t.RevokedAt = at
		s.records[t.ID] = t
	}
	return len(live), nil
}

func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.newestFirst(func(t core.Record) bool { return t.UserID == userID && t.Live(at) }), nil
}

func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	expired := s.newestFirst(func(t core.Record) bool { return t.ExpiresAt.Before(before) })
	slices.SortFunc(expired, func(a, b core.Record) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	expired = expired[:min(max, len(expired))]
	for _, t := range expired {
		delete(s.records, t.ID)
	}
	return len(expired), nil
}
