package storetest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// state is what a store holds, as plainly as the contract can be written down:
// the records by ID. It is written without package core's helpers, so that
// neither hides a fault of the other. Nobody writes to the Data in it.
type state map[string]core.Record

// apply answers the call and changes the state accordingly.
func (s state) apply(c call) result {
	switch c.method {
	case create:
		return s.create(c.record, c.limit)
	case get:
		return s.get(c.id)
	case exchange:
		return s.exchange(c.exchange)
	case revoke:
		return s.revoke(c.revocation)
	case listUser:
		return result{records: s.live(c.userID, c.at)}
	case deleteExpired:
		return s.deleteExpired(c.at, c.max)
	case iterate:
		return result{records: s.some(func(core.Record) bool { return true })}
	}
	panic("storetest: unknown method " + c.method)
}

func (s state) create(r core.Record, limit int) result {
	if _, ok := s[r.ID]; ok {
		return result{err: core.ErrExists}
	}
	s[r.ID] = copied(r)
	if limit <= 0 {
		return result{}
	}
	others := s.some(func(o core.Record) bool { return o.UserID == r.UserID && o.ID != r.ID && live(o, r.IssuedAt) })
	evicted := s.revokeEach(beyond(others, limit), r.IssuedAt)
	if s.dead(r.UserID) >= 2*core.KeptDeadRecords { // not at every login: it takes a while
		for _, old := range s.droppable(r.UserID) {
			delete(s, old.ID)
		}
	}
	return result{records: evicted}
}

// dead returns how many revoked records of the user there are.
func (s state) dead(userID string) int {
	n := 0
	for _, r := range s {
		if r.UserID == userID && !r.RevokedAt.IsZero() {
			n++
		}
	}
	return n
}

// droppable returns the user's revoked records that a store need not keep.
func (s state) droppable(userID string) []core.Record {
	dead := s.some(func(r core.Record) bool { return r.UserID == userID && !r.RevokedAt.IsZero() })
	slices.SortStableFunc(dead, func(a, b core.Record) int { return b.RevokedAt.Compare(a.RevokedAt) })
	return dead[min(len(dead), core.KeptDeadRecords):]
}

// beyond returns the records that a login at that limit evicts: those after the
// newest limit-1.
func beyond(live []core.Record, limit int) []core.Record {
	return live[min(len(live), limit-1):]
}

func (s state) get(id string) result {
	r, ok := s[id]
	if !ok {
		return result{err: core.ErrNotFound}
	}
	return result{record: copied(r)}
}

func (s state) exchange(x core.Exchange) result {
	r, ok := s[x.ID]
	if !ok {
		return result{err: core.ErrNotFound}
	}
	if !live(r, x.At) || !stands(r, x) && !behind(r, x) {
		return result{record: copied(r), err: core.ErrConflict}
	}
	s[x.ID] = exchanged(r, x)
	return s.get(x.ID)
}

// stands reports whether the record is exactly where the exchange expects it.
func stands(r core.Record, x core.Exchange) bool {
	return r.Generation == x.Generation && r.AccessRef == x.From
}

// behind reports whether the record has forgotten exchanges.
func behind(r core.Record, x core.Exchange) bool { return r.Generation < x.Generation }

func (s state) revoke(v core.Revocation) result {
	chosen := s.some(func(r core.Record) bool { return selects(v, r) && r.RevokedAt.IsZero() })
	return result{records: s.revokeEach(chosen, v.At)}
}

// selects reports whether the revocation is about that record.
func selects(v core.Revocation, r core.Record) bool {
	if v.ID != "" && r.ID != v.ID || v.UserID != "" && r.UserID != v.UserID {
		return false
	}
	if v.Except != "" && r.ID == v.Except {
		return false
	}
	return v.IssuedUntil.IsZero() || r.IssuedAt.Compare(v.IssuedUntil) <= 0
}

// deleteExpired deletes the records that expired first. The contract recommends
// that and does not demand it.
func (s state) deleteExpired(before time.Time, max int) result {
	expired := s.expired(before)
	expired = expired[:min(len(expired), max)]
	for _, r := range expired {
		delete(s, r.ID)
	}
	return result{n: len(expired)}
}

func (s state) setRevoked(id string, at time.Time) {
	r := s[id]
	r.RevokedAt = at
	s[id] = r
}

// revokeEach revokes the records and returns them as they stand then.
func (s state) revokeEach(records []core.Record, at time.Time) []core.Record {
	for _, r := range records {
		s.setRevoked(r.ID, at)
	}
	return allRevokedAt(records, at)
}

// live returns the user's live records at that moment, the newest first.
func (s state) live(userID string, at time.Time) []core.Record {
	return s.some(func(r core.Record) bool { return r.UserID == userID && live(r, at) })
}

func live(r core.Record, at time.Time) bool {
	return r.RevokedAt.IsZero() && at.Before(r.ExpiresAt)
}

// some returns copies of the records for which the condition holds, the newest first.
func (s state) some(holds func(r core.Record) bool) []core.Record {
	var some []core.Record
	for _, r := range s {
		if holds(r) {
			some = append(some, copied(r))
		}
	}
	slices.SortFunc(some, newestFirst)
	return some
}

// expired returns the records that expired before that moment, the earliest
// first.
func (s state) expired(before time.Time) []core.Record {
	expired := s.some(func(r core.Record) bool { return r.ExpiresAt.Before(before) })
	slices.SortFunc(expired, func(a, b core.Record) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
	})
	return expired
}

func newestFirst(a, b core.Record) int {
	return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(b.ID, a.ID))
}

// exchanged returns the record as the exchange leaves it.
func exchanged(r core.Record, x core.Exchange) core.Record {
	r.Generation = x.Generation + 1
	r.AccessRef, r.PreviousRef = x.To, x.From
	r.ExchangedAt, r.ExpiresAt = x.At, x.ExpiresAt
	return r
}

func copied(r core.Record) core.Record {
	r.Data = bytes.Clone(r.Data)
	return r
}

func (s state) clone() state { return maps.Clone(s) }

// without returns the state without that record.
func (s state) without(id string) state {
	s = s.clone()
	delete(s, id)
	return s
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
