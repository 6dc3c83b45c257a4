package prometheusobserve

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
)

// Store returns a store that measures each call of the one given and is that store
// in everything else: arguments, results and errors are passed on as they are. Durations
// are measured by the machine's own clock. Of nil it returns nil, which
// core.New refuses.
func (o *Observer) Store(s core.RefreshStore) core.RefreshStore {
	if s == nil {
		return nil
	}
	return &store{
		next: s, create: o.method("create"), get: o.method("get"), exchange: o.method("exchange"), revoke: o.method("revoke"),
		revokeUser: o.method("revoke_user"), listUser: o.method("list_user"), deleteExpired: o.method("delete_expired"),
	}
}

// store is a store that is measured. A call that panics is not.
type store struct {
	next core.RefreshStore

	create, get, exchange, revoke, revokeUser, listUser, deleteExpired method
}

// method is the durations of one method's calls, by outcome. A series begins with its
// first call: most outcomes of most methods never happen.
type method [len(outcomes)]func() prometheus.Observer

func (o *Observer) method(name string) (m method) {
	for i, outcome := range outcomes {
		m[i] = sync.OnceValue(func() prometheus.Observer { return o.storeCalls.WithLabelValues(name, outcome) })
	}
	return m
}

func (m *method) observe(ctx context.Context, start time.Time, err error) {
	m[outcomeOf(ctx, err)]().Observe(time.Since(start).Seconds())
}

func (s *store) Create(ctx context.Context, t core.RefreshToken, limit int) error {
	start := time.Now()
	err := s.next.Create(ctx, t, limit)
	s.create.observe(ctx, start, err)
	return err
}

func (s *store) Get(ctx context.Context, id string) (core.RefreshToken, error) {
	start := time.Now()
	t, err := s.next.Get(ctx, id)
	s.get.observe(ctx, start, err)
	return t, err
}

func (s *store) Exchange(ctx context.Context, x core.Exchange) (core.RefreshToken, error) {
	start := time.Now()
	t, err := s.next.Exchange(ctx, x)
	s.exchange.observe(ctx, start, err)
	return t, err
}

func (s *store) Revoke(ctx context.Context, id string, at time.Time) error {
	start := time.Now()
	err := s.next.Revoke(ctx, id, at)
	s.revoke.observe(ctx, start, err)
	return err
}

func (s *store) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	start := time.Now()
	n, err := s.next.RevokeUser(ctx, userID, at)
	s.revokeUser.observe(ctx, start, err)
	return n, err
}

func (s *store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.RefreshToken, error) {
	start := time.Now()
	records, err := s.next.ListUser(ctx, userID, at)
	s.listUser.observe(ctx, start, err)
	return records, err
}

func (s *store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	start := time.Now()
	n, err := s.next.DeleteExpired(ctx, before, max)
	s.deleteExpired.observe(ctx, start, err)
	return n, err
}
