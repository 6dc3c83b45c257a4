package otelobserve

import (
	"context"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Store returns a store that makes a span of each call of the one given, measures it,
// and is that store in everything else: arguments, results and errors are passed on
// as they are, and the context with the span in it. Durations are measured by the
// machine's own clock. Of nil it returns nil, which core.New refuses.
func (o *Observer) Store(s core.RefreshStore) core.RefreshStore {
	if s == nil {
		return nil
	}
	return &store{
		next: s, create: o.method("create"), get: o.method("get"), exchange: o.method("exchange"), revoke: o.method("revoke"),
		revokeUser: o.method("revoke_user"), listUser: o.method("list_user"), deleteExpired: o.method("delete_expired"),
	}
}

// store is a store whose calls are told of, those that panic as well.
type store struct {
	next core.RefreshStore

	create, get, exchange, revoke, revokeUser, listUser, deleteExpired *method
}

func (s *store) Create(ctx context.Context, t core.Record, limit int) error {
	ctx, c := s.create.begin(ctx)
	defer c.end(ctx)
	err := s.next.Create(ctx, t, limit)
	c.outcome = outcomeOf(ctx, err)
	return err
}

func (s *store) Get(ctx context.Context, id string) (core.Record, error) {
	ctx, c := s.get.begin(ctx)
	defer c.end(ctx)
	t, err := s.next.Get(ctx, id)
	c.outcome = outcomeOf(ctx, err)
	return t, err
}

func (s *store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	ctx, c := s.exchange.begin(ctx)
	defer c.end(ctx)
	t, err := s.next.Exchange(ctx, x)
	c.outcome = outcomeOf(ctx, err)
	return t, err
}

func (s *store) Revoke(ctx context.Context, id string, at time.Time) error {
	ctx, c := s.revoke.begin(ctx)
	defer c.end(ctx)
	err := s.next.Revoke(ctx, id, at)
	c.outcome = outcomeOf(ctx, err)
	return err
}

func (s *store) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	ctx, c := s.revokeUser.begin(ctx)
	defer c.end(ctx)
	n, err := s.next.RevokeUser(ctx, userID, at)
	c.outcome = outcomeOf(ctx, err)
	return n, err
}

func (s *store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	ctx, c := s.listUser.begin(ctx)
	defer c.end(ctx)
	records, err := s.next.ListUser(ctx, userID, at)
	c.outcome = outcomeOf(ctx, err)
	return records, err
}

func (s *store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	ctx, c := s.deleteExpired.begin(ctx)
	defer c.end(ctx)
	n, err := s.next.DeleteExpired(ctx, before, max)
	c.outcome = outcomeOf(ctx, err)
	return n, err
}
