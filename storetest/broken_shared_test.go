package storetest

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// sharing makes a harness whose peers are made of the store's own data by peer.
func sharing(first, peer func(m *model) storeFunc) func() Harness {
	return func() Harness {
		var m *model
		return Harness{
			Open: func(*testing.T) core.RefreshStore {
				m = newModel()
				return first(m)
			},
			Peer: func(*testing.T, core.RefreshStore) core.RefreshStore { return peer(m) },
		}
	}
}

// alone makes a client that is atomic among its own callers: it has a lock, but
// nothing holds up the other clients.
func alone(m *model) storeFunc {
	var mu sync.Mutex
	inner := torn(create, exchange, revoke, deleteExpired)(m)
	return func(ctx context.Context, c call) result {
		mu.Lock()
		defer mu.Unlock()
		return inner(ctx, c)
	}
}

// caching makes a client that remembers what it has read until it writes.
func caching(read method) func(m *model) storeFunc {
	return func(m *model) storeFunc {
		var mu sync.Mutex
		remembered := map[string]result{}
		return func(ctx context.Context, c call) result {
			mu.Lock()
			defer mu.Unlock()
			if c.method.writes() {
				clear(remembered)
			}
			if r, ok := remembered[c.String()]; ok && c.method == read && ctx.Err() == nil {
				r.record, r.records = copied(r.record), copiedAll(r.records)
				return r
			}
			r := m.answer(ctx, c)
			if c.method == read && ctx.Err() == nil {
				remembered[c.String()] = result{record: copied(r.record), records: copiedAll(r.records), err: r.err}
			}
			return r
		}
	}
}

func whole(m *model) storeFunc { return m.answer }

// revokingAll makes a client that does not ask when a record was issued.
func revokingAll(m *model) storeFunc {
	return m.with(revising(func(_ state, v *core.Revocation) { v.IssuedUntil = time.Time{} }))
}

// disk is what a store keeps between two openings.
type disk struct {
	mu    sync.Mutex
	state state
}

func (d *disk) write(c call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.apply(c)
}

func (d *disk) read() state {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.state)
}

// reopening makes a harness of a store that is opened again from its disk, to which
// it writes as write says after each call that changed something.
func reopening(write func(d *disk, ctx context.Context, c call)) func() Harness {
	return func() Harness {
		var d *disk
		open := func() core.RefreshStore {
			m, d := &model{state: d.read()}, d
			return storeFunc(func(ctx context.Context, c call) result {
				r := m.answer(ctx, c)
				if c.method.writes() && r.err == nil {
					write(d, ctx, c)
				}
				return r
			})
		}
		return Harness{
			Open: func(*testing.T) core.RefreshStore {
				d = &disk{state: state{}}
				return open()
			},
			Reopen: func(*testing.T, core.RefreshStore) core.RefreshStore { return open() },
		}
	}
}

// native makes a harness of a store whose records go as soon as they have expired
// by what callers tell of the time, and declares it.
func native(apply func(s state, c call) result) func() Harness {
	return func() Harness {
		return Harness{
			NativeTTL: true,
			Open: func(*testing.T) core.RefreshStore {
				return newModel().with(func(s state, c call) result {
					for id, t := range s {
						if !t.ExpiresAt.After(c.now()) && c.method != deleteExpired {
							delete(s, id)
						}
					}
					return apply(s, c)
				})
			},
		}
	}
}

// idle answers as a store whose records go by themselves does.
func idle(s state, c call) result {
	if c.method == deleteExpired {
		return result{}
	}
	return s.apply(c)
}

var brokenShared = []broken{
	{
		bug:     "gives each client data of its own",
		harness: sharing(whole, func(*model) storeFunc { return newModel().answer }),
		fails:   "Peer/Create Peer/Limit Peer/Exchange Peer/Revoke Peer/RevokeUser Peer/DeleteExpired",
		races:   "Peer/SequenceModel Peer/HistoryLinearizable",
	},
	{
		bug:     "is atomic within one process only",
		harness: sharing(alone, alone),
		races: `Peer/ExchangeOneWinner Peer/ExchangeOneOfEqual Peer/ExchangeOneHealer Peer/ExchangeKeepsRevocation
			Peer/CreateOneOfEqualIDs Peer/CreateConcurrentLimit Peer/CreateNotBornDead
			Peer/CreateEvictedOnce Peer/RevokeFirstStays Peer/RevokeEachOnce Peer/RevokeDuringExchanges
			Peer/RevokeDuringEvictions Peer/DeleteExpiredCountedOnce Peer/DeleteExpiredDuringExchanges Peer/HistoryLinearizable Peer/HistoryDeletion Peer/HistoryCancelled`,
	},
	{
		bug:     "remembers records that another process changes",
		harness: sharing(caching(get), caching(get)),
		fails:   "Peer/Create Peer/Limit Peer/Exchange Peer/Revoke Peer/RevokeUser Peer/DeleteExpired",
		races:   "Peer/SequenceModel Peer/GetNeverBack",
	},
	{
		bug:     "remembers lists that another process changes",
		harness: sharing(caching(listUser), caching(listUser)),
		fails:   "Peer/Create Peer/Limit Peer/Exchange Peer/Revoke Peer/RevokeUser Peer/DeleteExpired",
		races:   "Peer/GetNeverBack",
	},
	{
		bug:     "keeps a user's records in one document that each process reads and later writes",
		harness: sharing(byDocument, byDocument),
		races:   "Peer/ExchangeNoneLost",
	},
	{
		bug:     "revokes beyond the limit in one step and creates in another, in any process",
		harness: sharing(evictingFirst, evictingFirst),
		races:   "Peer/CreateLimitAtEveryMoment",
	},
	{
		bug:     "revokes the records of a user one by one, in any process",
		harness: sharing(oneByOne, oneByOne),
		races:   "Peer/RevokeAtOneMoment",
	},
	{
		bug:     "revokes records issued later, in any process",
		harness: sharing(revokingAll, revokingAll),
		fails:   "Revoke/IssuedUntil Revoke/AllConditions Revoke/Exchanged Time/FirstMomentSelects Time/WithinASecond",
		races:   "Peer/RevokeDuringLogins",
	},
	{
		bug:     "keeps nothing",
		harness: reopening(func(*disk, context.Context, call) {}),
		fails:   "Reopen/Records Reopen/Users Reopen/Expiry Reopen/RequestCancelled",
		races:   "Reopen/Crowd",
	},
	{
		bug: "acknowledges what it writes with the next call",
		harness: func() Harness {
			var mu sync.Mutex
			var last call
			var its *disk
			return reopening(func(d *disk, _ context.Context, c call) {
				mu.Lock()
				defer mu.Unlock()
				if its == d {
					d.write(last)
				}
				its, last = d, c
			})()
		},
		fails: "Reopen/Records Reopen/Users Reopen/Expiry Reopen/RequestCancelled",
	},
	{
		bug: "keeps exchanges in memory",
		harness: reopening(func(d *disk, _ context.Context, c call) {
			if c.method != exchange {
				d.write(c)
			}
		}),
		fails: "Reopen/Records Reopen/Expiry Reopen/RequestCancelled",
		races: "Reopen/Crowd",
	},
	{
		bug: "does not write down what a limit revokes",
		harness: reopening(func(d *disk, _ context.Context, c call) {
			c.limit = 0
			d.write(c)
		}),
		fails: "Reopen/Users",
	},
	{
		bug: "does not write down what it deletes",
		harness: reopening(func(d *disk, _ context.Context, c call) {
			if c.method != deleteExpired {
				d.write(c)
			}
		}),
		fails: "Reopen/Expiry",
	},
	{
		bug: "writes in the background with the context of the request",
		harness: func() Harness {
			var mu sync.Mutex
			var pending []func()
			h := reopening(func(d *disk, ctx context.Context, c call) {
				mu.Lock()
				defer mu.Unlock()
				pending = append(pending, func() {
					if ctx.Err() == nil {
						d.write(c)
					}
				})
			})()
			reopen := h.Reopen
			h.Reopen = func(t *testing.T, s core.RefreshStore) core.RefreshStore {
				mu.Lock()
				defer mu.Unlock()
				for _, write := range pending {
					write()
				}
				pending = nil
				return reopen(t, s)
			}
			return h
		},
		fails: "Reopen/RequestCancelled",
	},
	{
		bug: "writes down one call of those that come together",
		harness: func() Harness {
			var busy sync.Mutex
			return reopening(func(d *disk, _ context.Context, c call) {
				if busy.TryLock() {
					defer busy.Unlock()
					pause()
					d.write(c)
				}
			})()
		},
		races: "Reopen/Crowd",
	},
	{
		bug: "holds more than it shows",
		harness: func() Harness {
			h := modelHarness()
			return Harness{Open: h.Open, Dump: func(*testing.T, core.RefreshStore) []byte { return []byte("nothing here") }}
		},
		fails: "Dump/NoCredential",
	},
	{
		bug:     "declares a native TTL and deletes all the same",
		harness: native(state.apply),
		fails:   "DeleteExpired/NativeTTL",
	},
	{
		bug: "drops records an hour before they expire",
		harness: native(func(s state, c call) result {
			for id, t := range s {
				if !t.ExpiresAt.After(c.now().Add(time.Hour)) {
					delete(s, id)
				}
			}
			return idle(s, c)
		}),
		fails: `Create/LimitIgnoresExpired Get/Revoked Exchange/LastMoment ListUser/Expired Time/LastMoment
			Time/CallersClock Time/ShortLife Revoke/Exchanged Time/WithinASecond`,
	},
	{
		bug: "computes a native TTL without a margin",
		harness: func() Harness {
			return Harness{NativeTTL: true, Open: func(*testing.T) core.RefreshStore {
				gone := map[string]time.Time{} // by the machine's clock
				return newModel().with(func(s state, c call) result {
					for id, at := range gone {
						if time.Now().After(at) {
							delete(s, id)
						}
					}
					r := idle(s, c)
					for id, t := range s {
						if c.method == create && id == c.record.ID || c.method == exchange && id == c.exchange.ID {
							gone[id] = time.Now().Add(t.ExpiresAt.Sub(c.now()))
						}
					}
					return r
				})
			}}
		},
		fails: "Time/ShortLife",
	},
}
