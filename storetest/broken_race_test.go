package storetest

import (
	"context"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// yield lets the other goroutines run, some more often than others: the window of
// a race.
func yield() {
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
			read := maps.Clone(m.state)
			m.mu.Unlock()
			written := maps.Clone(read)
			r := written.apply(c)
			yield()
			m.mu.Lock()
			defer m.mu.Unlock()
			for id := range read {
				if _, ok := written[id]; !ok {
					delete(m.state, id)
				}
			}
			for id, t := range written {
				if old, ok := read[id]; !ok || !sameToken(old, t) {
					m.state[id] = t
				}
			}
			return r
		}
	}
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
		yield()
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
		m.mu.Lock()
		if _, ok := m.state[c.token.ID]; !ok {
			for _, t := range beyond(liveAt(m.state, c), c.limit) {
				m.state.setRevoked(t.ID, c.token.IssuedAt)
			}
		}
		m.mu.Unlock()
		yield()
		c.limit = 0
		return m.answer(context.WithoutCancel(ctx), c)
	}
}

// oneByOne makes a client that revokes a user's records one after the other.
func oneByOne(m *model) storeFunc {
	return func(ctx context.Context, c call) result {
		if c.method != revokeUser || ctx.Err() != nil {
			return m.answer(ctx, c)
		}
		m.mu.Lock()
		found := revocable(m.state, c)
		m.mu.Unlock()
		r := result{}
		for _, t := range found {
			yield()
			m.mu.Lock()
			if m.state[t.ID].RevokedAt.IsZero() {
				m.state.setRevoked(t.ID, c.at)
				r.n++
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
			RevokeUser/DuringExchanges History/Linearizable`,
	},
	{
		bug:    "keeps a user's records in one document that an exchange reads and writes in two steps",
		client: byDocument,
		races:  "Exchange/NoneLost Exchange/OneWinner",
	},
	{
		bug:    "looks for a duplicate and for the records beyond the limit before it creates, in two steps",
		client: torn(create),
		races:  "Create/OneOfEqualIDs Create/ConcurrentLimit Create/NotBornDead History/Linearizable",
	},
	{
		bug:    "revokes beyond the limit in one step and creates in another",
		client: evictingFirst,
		races:  "Create/LimitAtEveryMoment",
	},
	{
		bug:    "reads and writes a revocation in two steps",
		client: torn(revoke),
		races:  "Revoke/FirstStays Exchange/KeepsRevocation",
	},
	{
		bug:    "reads and writes the revocation of a user in two steps",
		client: torn(revokeUser),
		races:  "RevokeUser/OnlyOneRevokes RevokeUser/DuringExchanges",
	},
	{
		bug:    "revokes the records of a user one by one",
		client: oneByOne,
		races:  "RevokeUser/AtOneMoment RevokeUser/OnlyOneRevokes",
	},
	{
		bug:    "looks for expired records and deletes them in two steps",
		client: torn(deleteExpired),
		races:  "DeleteExpired/NeverTwice DeleteExpired/DuringExchanges History/Deletion",
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
				yield()
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
				yield()
				if c.method.writes() {
					m.mu.Lock()
					now := maps.Clone(m.state)
					m.mu.Unlock()
					for range rand.N(6) { // so that an older copy can come later
						yield()
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
