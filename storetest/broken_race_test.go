package storetest

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/tokenauth/tokenauth/core"
)

// pause lets the other goroutines run, some more often than others: the window of
// a race.
func pause() {
	for range 5 + rand.N(40) {
		runtime.Gosched()
	}
}

// torn makes a client that answers some methods in two steps: it reads the state
// and decides, and later writes what it has decided, whatever has happened
// meanwhile.
func torn(methods ...method) func(m *model) storeFunc {
	return func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if !slices.Contains(methods, c.method) {
				return m.answer(ctx, c)
			}
			if err := ctx.Err(); err != nil {
				return result{err: err}
			}
			m.mu.Lock()
			read := m.state.about(c)
			m.mu.Unlock()
			written := maps.Clone(read)
			r := written.apply(c)
			pause()
			m.mu.Lock()
			defer m.mu.Unlock()
			for id := range read {
				if _, ok := written[id]; !ok {
					delete(m.state, id)
				}
			}
			for id, t := range written {
				if old, ok := read[id]; !ok || !sameRecord(old, t) {
					m.state[id] = t
				}
			}
			return r
		}
	}
}

// about returns the records that the call is about, and those of its user.
func (s state) about(c call) state {
	about := state{}
	for id, r := range s {
		if c.method == deleteExpired || id == c.recordID() || r.UserID == c.user() {
			about[id] = r
		}
	}
	return about
}

// byDocument makes a client that keeps a user's records in one document, which an
// exchange reads and later writes.
func byDocument(m *model) storeFunc {
	return func(ctx context.Context, c call) result {
		if c.method != exchange || ctx.Err() != nil {
			return m.answer(ctx, c)
		}
		m.mu.Lock()
		user := m.state[c.exchange.ID].UserID
		document := state{}
		for id, t := range m.state {
			if t.UserID == user {
				document[id] = t
			}
		}
		m.mu.Unlock()
		r := document.apply(c)
		pause()
		m.mu.Lock()
		defer m.mu.Unlock()
		maps.Copy(m.state, document)
		return r
	}
}

// evictingFirst makes a client that revokes beyond the limit and later creates.
func evictingFirst(m *model) storeFunc {
	return func(ctx context.Context, c call) result {
		if c.method != create || c.limit <= 0 || ctx.Err() != nil {
			return m.answer(ctx, c)
		}
		var evicted []core.Record
		m.mu.Lock()
		if _, ok := m.state[c.record.ID]; !ok {
			evicted = m.state.revokeEach(beyond(liveAt(m.state, c), c.limit), c.record.IssuedAt)
		}
		m.mu.Unlock()
		pause()
		c.limit = math.MaxInt
		r := m.answer(context.WithoutCancel(ctx), c)
		r.records = evicted
		return r
	}
}

// oneByOne makes a client that revokes a user's records one after the other.
func oneByOne(m *model) storeFunc {
	return func(ctx context.Context, c call) result {
		if c.method != revoke || ctx.Err() != nil {
			return m.answer(ctx, c)
		}
		m.mu.Lock()
		found := revocable(m.state, c.revocation)
		m.mu.Unlock()
		r := result{}
		for _, t := range found {
			pause()
			m.mu.Lock()
			if now := m.state[t.ID]; now.RevokedAt.IsZero() {
				r.records = append(r.records, m.state.revokeEach([]core.Record{copied(now)}, c.now())...)
			}
			m.mu.Unlock()
		}
		return r
	}
}

var brokenRaces = []broken{
	{
		bug:    "reads and writes an exchange in two steps",
		client: torn(exchange),
		races: `Exchange/OneWinner Exchange/OneOfEqual Exchange/OneHealer Exchange/KeepsRevocation
			Revoke/DuringExchanges History/Linearizable`,
	},
	{
		bug:    "keeps a user's records in one document that an exchange reads and writes in two steps",
		client: byDocument,
		races:  "Exchange/NoneLost Exchange/OneWinner",
	},
	{
		bug:    "looks for a duplicate and for the records beyond the limit before it creates, in two steps",
		client: torn(create),
		races:  "Create/OneOfEqualIDs Create/ConcurrentLimit Create/NotBornDead Create/EvictedOnce Revoke/DuringEvictions History/Linearizable",
	},
	{
		bug:    "revokes beyond the limit in one step and creates in another",
		client: evictingFirst,
		races:  "Create/LimitAtEveryMoment",
	},
	{
		bug:    "reads and writes a revocation in two steps",
		client: torn(revoke),
		races:  "Revoke/FirstStays Revoke/EachOnce Revoke/DuringExchanges Exchange/KeepsRevocation",
	},
	{
		bug:    "revokes the records of a user one by one",
		client: oneByOne,
		races:  "Revoke/AtOneMoment",
	},
	{
		bug:    "looks for expired records and deletes them in two steps",
		client: torn(deleteExpired),
		races:  "DeleteExpired/CountedOnce DeleteExpired/DuringExchanges History/Deletion",
	},
	{
		bug: "shows an exchange that it takes back when it is cancelled",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method != exchange {
					return m.answer(ctx, c)
				}
				m.mu.Lock()
				before, known := m.state[c.exchange.ID]
				m.mu.Unlock()
				r := m.answer(ctx, c)
				pause()
				if err := ctx.Err(); err != nil && r.err == nil && known {
					m.mu.Lock()
					m.state[before.ID] = before
					m.mu.Unlock()
					return result{err: err}
				}
				return r
			}
		},
		races: "History/Cancelled",
	},
	{
		bug: "answers Get from a copy that it renews after a write",
		client: func(m *model) storeFunc {
			var mu sync.Mutex
			copies := state{}
			return func(ctx context.Context, c call) result {
				if c.method == get {
					mu.Lock()
					defer mu.Unlock()
					if r := copies.get(c.id); r.err == nil && ctx.Err() == nil {
						return r
					}
					return m.answer(ctx, c)
				}
				r := m.answer(ctx, c)
				pause()
				if c.method.writes() {
					now := state{}
					if c.method == exchange {
						m.mu.Lock()
						now = m.state.clone()
						m.mu.Unlock()
					}
					for range rand.N(6) { // so that an older copy can come later
						pause()
					}
					mu.Lock()
					copies = now
					mu.Unlock()
				}
				return r
			}
		},
		races: "Exchange/NoneLost",
	},
}
