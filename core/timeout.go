package core

import (
	"context"
	"time"
)

// timedStore gives every call of a store a deadline.
type timedStore struct {
	store   RefreshStore
	timeout time.Duration
}

// withTimeout returns the store, whose calls end after that time. Zero: it is the store
// itself.
func withTimeout(store RefreshStore, timeout time.Duration) RefreshStore {
	if timeout == 0 {
		return store
	}
	return timedStore{store, timeout}
}

func (s timedStore) Create(ctx context.Context, r Record, limit int) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.store.Create(ctx, r, limit)
}

func (s timedStore) Get(ctx context.Context, id string) (Record, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.store.Get(ctx, id)
}

func (s timedStore) Exchange(ctx context.Context, x Exchange) (Record, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.store.Exchange(ctx, x)
}

func (s timedStore) Revoke(ctx context.Context, v Revocation) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.store.Revoke(ctx, v)
}

func (s timedStore) ListUser(ctx context.Context, userID string, at time.Time) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.store.ListUser(ctx, userID, at)
}

func (s timedStore) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.store.DeleteExpired(ctx, before, max)
}
