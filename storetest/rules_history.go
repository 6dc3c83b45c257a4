package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var historyRules = []rule{
	{
		id:     "History/Linearizable",
		text:   "Every concurrent history is linearizable: each call takes effect at one moment between its start and its return.",
		varies: true,
		check:  func(t *trial) { t.histories(plan{users: 2, records: 3, length: 6}) },
	},
	{
		id:     "History/Deletion",
		text:   "In concurrent histories DeleteExpired deletes single expired records, each at one moment, and counts them; the other calls stay linearizable.",
		needs:  []ability{needsDead},
		varies: true,
		check:  func(t *trial) { t.histories(plan{users: 2, records: 2, length: 5, deletes: true}) },
	},
	{
		id:     "History/Cancelled",
		text:   "Concurrent histories stay linearizable where contexts are cancelled meanwhile: such a call takes effect wholly or not at all, and on a local store not after it returned.",
		varies: true,
		check:  func(t *trial) { t.histories(plan{users: 1, records: 3, length: 5, cancels: true}) },
	},
}

// plan says what concurrent histories consist of.
type plan struct {
	users   int
	records int  // of each user
	length  int  // calls of each goroutine
	deletes bool // with DeleteExpired
	cancels bool // with contexts that are cancelled during the call
	// disturbed says that something keeps the store from answering at times:
	// any error is then an answer, and leaves the effect of its call unknown.
	disturbed bool
	// network, where it is not nil, makes the network fail or mends it, between any
	// two calls.
	network func(Fault)
}

// time is how long histories are begun on a slow store.
func (p plan) time() time.Duration {
	if p.network != nil {
		return disturbedTime
	}
	return roundsTime
}

// disturb makes the network fail now and then.
func (p plan) disturb() {
	if p.network == nil || rand.N(5) > 0 {
		return
	}
	p.network([]Fault{NoFault, faults[rand.N(len(faults))]}[rand.N(2)])
}

const (
	// goroutines is how many make the calls of a history.
	goroutines = 4
	// maxUnknown is how many of its calls of unknown outcome each goes on after:
	// judging a history takes exponentially longer with each of them.
	maxUnknown = 3
)

// histories records concurrent histories, each of users and ids of its own, and
// wants them linearizable.
func (t *trial) histories(p plan) {
	start := lastMoment.Add(-lifetime)
	for round := range t.roundsFor(p.time(), maxHistories) {
		start = start.Add(-100 * tick) // before all earlier rounds, out of reach of DeleteExpired
		cast := newCast(round, p, start, t.harness.NativeTTL)
		h := history{late: p.disturbed || t.late()}
		t.ledger.reset()
		for _, c := range cast.opening() {
			t.enter(&h, 0, t.store, c, plan{disturbed: p.disturbed})
		}
		t.together(goroutines, func(i int, client core.RefreshStore) {
			unknown := 0
			for range p.length {
				p.disturb()
				c := cast.drawCall(p)
				r := t.enter(&h, i, client, c, p)
				if r.err != nil && !isSentinel(r.err) && c.method.writes() {
					unknown++
				}
				if unknown == maxUnknown {
					return
				}
			}
		})
		if p.network != nil {
			p.network(NoFault)
			t.mended()
		}
		for _, c := range cast.inspection() {
			t.enter(&h, 0, t.store, c, plan{disturbed: p.disturbed})
		}
		if v := h.judge(cast.user); v != nil {
			t.ledger.violate(v)
		}
	}
}

// enter makes a call of a history.
func (t *trial) enter(h *history, i int, client core.RefreshStore, c call, p plan) result {
	ctx := t.ctx
	if p.network != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, []time.Duration{impatience, rand.N(impatience / 10)}[rand.N(2)])
		defer cancel()
	}
	if p.cancels && rand.N(3) == 0 {
		ctx = &fragile{Context: t.ctx, looks: 1 + rand.N(4), done: make(chan struct{})}
	}
	r := h.add(ctx, i, client, c)
	if r.err != nil && !isSentinel(r.err) && !p.disturbed && (ctx.Err() == nil || !errors.Is(r.err, ctx.Err())) {
		t.fail(string(c.method)+" is answered: nothing keeps the store from it", r.format(c.method))
	}
	return r
}

// cast is the users and records that play in a history.
type cast struct {
	start  time.Time
	expire bool // whether records expire during the history
	ids    []string
	owner  map[string]string
	refs   []core.Ref
}

func newCast(round int, p plan, start time.Time, nativeTTL bool) *cast {
	c := &cast{start: start, expire: !nativeTTL, owner: map[string]string{}}
	for u := range p.users {
		user := fmt.Sprintf("user %d of round %d", u, round)
		for range p.records {
			id := core.NewRecordID(user)
			c.ids = append(c.ids, id)
			c.owner[id] = user
		}
	}
	for range 5 {
		c.refs = append(c.refs, newRef())
	}
	return c
}

func (c *cast) user(id string) string { return c.owner[id] }

// moment draws when a call is made.
func (c *cast) moment() time.Time { return c.start.Add(time.Duration(rand.N(10)) * tick) }

// expiry draws when a record expires.
func (c *cast) expiry(at time.Time) time.Time {
	ticks := 50
	if c.expire {
		ticks = 1 + rand.N(8)
	}
	return at.Add(time.Duration(ticks) * tick)
}

// login returns the creation of the nth record.
func (c *cast) login(n int, at time.Time, limit int) call {
	record := newRecord(c.owner[c.ids[n]], at)
	record.ID, record.AccessRef, record.ExpiresAt = c.ids[n], c.refs[0], c.expiry(at)
	return call{method: create, record: record, limit: limit}
}

// opening returns the calls that a history begins with: the creation of most records.
func (c *cast) opening() []call {
	var calls []call
	for n := range c.ids {
		if rand.N(4) > 0 {
			calls = append(calls, c.login(n, c.start, 0))
		}
	}
	return calls
}

// drawCall draws a call of the history.
func (c *cast) drawCall(p plan) call {
	n := rand.N(len(c.ids))
	id, at := c.ids[n], c.moment()
	user := c.owner[id]
	switch draw := rand.N(20); {
	case draw < 3:
		return c.login(n, at, rand.N(3))
	case draw < 9:
		generation := rand.N(len(c.refs) - 1)
		return call{method: exchange, exchange: core.Exchange{
			ID: id, Generation: int64(generation), From: c.refs[generation], To: c.refs[generation+1], At: at, ExpiresAt: c.expiry(at),
		}}
	case draw < 11:
		return revokesOne(id, at)
	case draw < 13:
		v := core.Revocation{UserID: user, At: at}
		if rand.N(3) == 0 {
			v.Except = id
		}
		if rand.N(3) == 0 {
			v.IssuedUntil = c.moment()
		}
		return call{method: revoke, revocation: v}
	case draw < 15:
		return call{method: listUser, userID: user, at: at}
	case draw < 17 && p.deletes:
		return call{method: deleteExpired, at: at, max: 1 + rand.N(2)}
	}
	return call{method: get, id: id}
}

// inspection returns the calls that show how a history ended.
func (c *cast) inspection() []call {
	var calls []call
	for _, id := range c.ids {
		calls = append(calls, call{method: get, id: id}, call{method: listUser, userID: c.owner[id], at: c.start})
	}
	return calls
}
