// Package mystore is somebody's own store: a map behind a lock.
package mystore

import (
	"bytes"
	"context"
	"iter"
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

var (
	_ core.RefreshStore   = (*Store)(nil)
	_ core.RecordIterator = (*Store)(nil)
)

// New returns an empty store.
func New() *Store { return &Store{records: map[string]core.Record{}} }

func clone(r core.Record) core.Record {
	r.Data = bytes.Clone(r.Data)
	return r
}

// begin locks the store, unless the context has ended.
func (s *Store) begin(ctx context.Context) error {
	s.mu.Lock()
	if err := ctx.Err(); err != nil {
		s.mu.Unlock()
		return err
	}
	return nil
}

// some returns copies of the records of which f is true, the newest first.
func (s *Store) some(f func(core.Record) bool) []core.Record {
	var found []core.Record
	for _, r := range s.records {
		if f(r) {
			found = append(found, clone(r))
		}
	}
	slices.SortFunc(found, func(a, b core.Record) int { return core.CompareRecords(b, a) })
	return found
}

// revoke revokes the records and returns them so.
func (s *Store) revoke(found []core.Record, at time.Time) []core.Record {
	for i := range found {
		found[i].RevokedAt = at
		s.records[found[i].ID] = clone(found[i])
	}
	return found
}

// Create implements core.RefreshStore.
func (s *Store) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if _, ok := s.records[r.ID]; ok {
		return nil, core.ErrExists
	}
	var evicted []core.Record
	if limit > 0 {
		live := s.some(func(o core.Record) bool { return o.UserID == r.UserID && o.Live(r.IssuedAt) })
		evicted = s.revoke(live[min(len(live), limit-1):], r.IssuedAt)
	}
	s.records[r.ID] = clone(r)
	s.dropDead(r.UserID)
	return evicted, nil
}

// dropDead drops the user's revoked records that the store need not keep.
func (s *Store) dropDead(userID string) {
	dead := s.some(func(r core.Record) bool { return r.UserID == userID && !r.RevokedAt.IsZero() })
	slices.SortStableFunc(dead, func(a, b core.Record) int { return b.RevokedAt.Compare(a.RevokedAt) })
	for _, r := range dead[min(len(dead), core.KeptDeadRecords):] {
		delete(s.records, r.ID)
	}
}

// Get implements core.RefreshStore.
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	if err := s.begin(ctx); err != nil {
		return core.Record{}, err
	}
	defer s.mu.Unlock()
	r, ok := s.records[id]
	if !ok {
		return core.Record{}, core.ErrNotFound
	}
	return clone(r), nil
}

// Exchange implements core.RefreshStore.
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if err := s.begin(ctx); err != nil {
		return core.Record{}, err
	}
	defer s.mu.Unlock()
	r, ok := s.records[x.ID]
	if !ok {
		return core.Record{}, core.ErrNotFound
	}
	r, ok = r.Exchanged(x)
	if !ok {
		return clone(r), core.ErrConflict
	}
	s.records[r.ID] = r
	return clone(r), nil
}

// Revoke implements core.RefreshStore.
func (s *Store) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return s.revoke(s.some(func(r core.Record) bool { return r.RevokedAt.IsZero() && v.Selects(r) }), v.At), nil
}

// ListUser implements core.RefreshStore.
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return s.some(func(r core.Record) bool { return r.UserID == userID && r.Live(at) }), nil
}

// DeleteExpired implements core.RefreshStore.
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	deleted := 0
	for id, r := range s.records {
		if deleted == max {
			break
		}
		if r.ExpiresAt.Before(before) {
			delete(s.records, id)
			deleted++
		}
	}
	return deleted, nil
}

// Records implements core.RecordIterator.
func (s *Store) Records(ctx context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		s.mu.Lock()
		all := s.some(func(core.Record) bool { return true })
		s.mu.Unlock()
		for _, r := range all {
			if ctx.Err() != nil {
				break
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(core.Record{}, err)
		}
	}
}
