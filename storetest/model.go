package storetest

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// state is what a store holds, as plainly as the contract can be written down:
// the records by id. Nobody writes to the Data in it.
type state map[string]core.Record

// apply answers the call and changes the state accordingly.
func (s state) apply(c call) result {
	switch c.method {
	case create:
		return s.create(c.token, c.limit)
	case get:
		return s.get(c.id)
	case exchange:
		return s.exchange(c.exchange)
	case revoke:
		return s.revoke(c.id, c.at)
	case revokeUser:
		return s.revokeUser(c.userID, c.at)
	case listUser:
		return result{tokens: s.live(c.userID, c.at)}
	case deleteExpired:
		return s.deleteExpired(c.at, c.max)
	}
	panic("storetest: unknown method " + c.method)
}

func (s state) create(t core.Record, limit int) result {
	if _, ok := s[t.ID]; ok {
		return result{err: core.ErrExists}
	}
	if limit > 0 {
		live := s.live(t.UserID, t.IssuedAt)
		for _, old := range live[min(len(live), limit-1):] {
			s.setRevoked(old.ID, t.IssuedAt)
		}
	}
	s[t.ID] = copied(t)
	return result{}
}

func (s state) get(id string) result {
	t, ok := s[id]
	if !ok {
		return result{err: core.ErrNotFound}
	}
	return result{token: copied(t)}
}

func (s state) exchange(x core.Exchange) result {
	t, ok := s[x.ID]
	if !ok {
		return result{err: core.ErrNotFound}
	}
	stands := t.Generation == x.Generation && t.AccessRef == x.From
	behind := t.Generation < x.Generation
	if !t.Live(x.At) || !stands && !behind {
		return result{token: copied(t), err: core.ErrConflict}
	}
	s[x.ID] = exchanged(t, x)
	return s.get(x.ID)
}

func (s state) revoke(id string, at time.Time) result {
	t, ok := s[id]
	if !ok {
		return result{err: core.ErrNotFound}
	}
	if t.RevokedAt.IsZero() {
		s.setRevoked(id, at)
	}
	return result{}
}

func (s state) revokeUser(userID string, at time.Time) result {
	n := 0
	for _, t := range s.live(userID, at) {
		if !t.IssuedAt.After(at) {
			s.setRevoked(t.ID, at)
			n++
		}
	}
	return result{n: n}
}

func (s state) deleteExpired(before time.Time, max int) result {
	expired := s.expired(before)
	expired = expired[:min(len(expired), max)]
	for _, t := range expired {
		delete(s, t.ID)
	}
	return result{n: len(expired)}
}

func (s state) setRevoked(id string, at time.Time) {
	t := s[id]
	t.RevokedAt = at
	s[id] = t
}

// live returns the user's live records at that moment, the newest first.
func (s state) live(userID string, at time.Time) []core.Record {
	var live []core.Record
	for _, t := range s {
		if t.UserID == userID && t.Live(at) {
			live = append(live, copied(t))
		}
	}
	slices.SortFunc(live, newestFirst)
	return live
}

// expired returns the records that expired before that moment, the earliest
// first. Among those that expired together the contract has no order.
func (s state) expired(before time.Time) []core.Record {
	var expired []core.Record
	for _, t := range s {
		if t.ExpiresAt.Before(before) {
			expired = append(expired, t)
		}
	}
	slices.SortFunc(expired, func(a, b core.Record) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
	})
	return expired
}

func newestFirst(a, b core.Record) int {
	return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(b.ID, a.ID))
}

// exchanged returns the record as the exchange leaves it.
func exchanged(t core.Record, x core.Exchange) core.Record {
	t.Generation = x.Generation + 1
	t.AccessRef, t.PreviousRef = x.To, x.From
	t.ExchangedAt, t.ExpiresAt = x.At, x.ExpiresAt
	return t
}

func copied(t core.Record) core.Record {
	t.Data = bytes.Clone(t.Data)
	return t
}

// model is a complete store that keeps its state in memory under one lock. It is
// what the suite takes a store to be, and the base of the stores that are broken
// on purpose. It is safe for concurrent use.
type model struct {
	mu    sync.Mutex
	state state
}

func newModel() *model { return &model{state: state{}} }

// answer is the model's storeFunc.
func (m *model) answer(ctx context.Context, c call) result {
	if err := ctx.Err(); err != nil {
		return result{err: err}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.apply(c)
}
