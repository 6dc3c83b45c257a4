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

// store is a store whose calls are measured, those that panic as well.
type store struct {
	next core.RefreshStore

	create, get, exchange, revoke, revokeUser, listUser, deleteExpired method
}

// method is the durations of one method's calls, by outcome. Failures have their series
// from the beginning, so that a rate sees the first; others begin with their first call,
// because most outcomes of most methods never happen.
type method [len(outcomes)]func() prometheus.Observer

func (o *Observer) method(name string) (m method) {
	for i, outcome := range outcomes {
		m[i] = sync.OnceValue(func() prometheus.Observer { return o.storeCalls.WithLabelValues(name, outcome) })
	}
	m[timeout]()
	m[failed]()
	return m
}

// call is a call of the store under way.
type call struct {
	*method
	start   time.Time
	outcome outcome
}

// begin returns a call that has failed unless it returns and says otherwise: one that
// panics does not.
func (m *method) begin() call { return call{m, time.Now(), failed} }

func (c *call) end() { c.method[c.outcome]().Observe(time.Since(c.start).Seconds()) }

func (s *store) Create(ctx context.Context, t core.Record, limit int) error {
	c := s.create.begin()
	defer c.end()
	err := s.next.Create(ctx, t, limit)
	c.outcome = outcomeOf(ctx, err)
	return err
}

func (s *store) Get(ctx context.Context, id string) (core.Record, error) {
	c := s.get.begin()
	defer c.end()
	t, err := s.next.Get(ctx, id)
	c.outcome = outcomeOf(ctx, err)
	return t, err
}

func (s *store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	c := s.exchange.begin()
	defer c.end()
	t, err := s.next.Exchange(ctx, x)
	c.outcome = outcomeOf(ctx, err)
	return t, err
}

func (s *store) Revoke(ctx context.Context, id string, at time.Time) error {
	c := s.revoke.begin()
	defer c.end()
	err := s.next.Revoke(ctx, id, at)
	c.outcome = outcomeOf(ctx, err)
	return err
}

func (s *store) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	c := s.revokeUser.begin()
	defer c.end()
	n, err := s.next.RevokeUser(ctx, userID, at)
	c.outcome = outcomeOf(ctx, err)
	return n, err
}

func (s *store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	c := s.listUser.begin()
	defer c.end()
	records, err := s.next.ListUser(ctx, userID, at)
	c.outcome = outcomeOf(ctx, err)
	return records, err
}

func (s *store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	c := s.deleteExpired.begin()
	defer c.end()
	n, err := s.next.DeleteExpired(ctx, before, max)
	c.outcome = outcomeOf(ctx, err)
	return n, err
}
