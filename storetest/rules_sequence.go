package storetest

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenauth/tokenauth/core"
)

var sequenceRules = []rule{
	{
		id:     "Sequence/Model",
		text:   "Any sequence of calls, one after the other, is answered as the contract's model answers it.",
		varies: true,
		check: func(t *trial) {
			s := sequences{trial: t, started: time.Now(), start: lastMoment.Add(-lifetime)}
			verdict := checkProperty(t.name, s.try)
			if verdict == "" {
				return
			}
			if s.violation == nil {
				s.violation = &violation{expected: "every sequence passes", seen: "one did not", calls: t.ledger.calls()}
			}
			s.violation.hint = verdict
			t.ledger.violate(s.violation)
		},
	},
}

// sequencesTime is how long new random sequences are begun on a slow store, and
// minSequences how many are tried in any case. A -rapid.checks flag overrules both.
const (
	sequencesTime = 4 * time.Second
	minSequences  = 10
)

// tick is the distance of the moments that sequences and histories play at. It is
// long, because a native TTL goes by the server's clock, on which no time passes.
const tick = time.Minute

// sequences tries random sequences on one store. Each has users and IDs of its
// own and lies before all the earlier ones in time, so that its DeleteExpired
// cannot reach what those have left.
type sequences struct {
	*trial
	started   time.Time
	start     time.Time // of the latest sequence
	tried     int
	violation *violation // the latest found; rapid tries simpler and simpler sequences
}

// sequence is one sequence under way: the model's state and what can be drawn.
type sequence struct {
	*sequences
	rt    *rapid.T
	state state
	users []string
	ids   []string          // each user's in ascending order, so that equal draws give equal orders
	owner map[string]string // the user of each ID
	refs  []core.Ref
	last  int // with a native TTL, the latest tick: time does not go back
}

func (s *sequences) try(rt *rapid.T) {
	slow := s.tried >= minSequences && time.Since(s.started) > sequencesTime && !flagged("rapid.checks")
	if s.ctx.Err() != nil || slow && s.violation == nil {
		return
	}
	s.tried++
	s.start = s.start.Add(-100 * tick)
	s.ledger.reset()
	q := sequence{sequences: s, rt: rt, state: state{}, owner: map[string]string{}}
	for _, form := range []string{"user %d", "USER %d", "user %d "} {
		q.users = append(q.users, fmt.Sprintf(form, s.tried))
	}
	for i, n := range []int{3, 2, 1} {
		var ids []string
		for range n {
			ids = append(ids, core.NewRecordID(q.users[i]))
			q.owner[ids[len(ids)-1]] = q.users[i]
		}
		slices.Sort(ids)
		q.ids = append(q.ids, ids...)
	}
	for range 4 {
		q.refs = append(q.refs, newRef())
	}
	actions := map[string]func(*rapid.T){
		string(create):   func(*rapid.T) { q.step(q.drawCreate()) },
		string(get):      func(*rapid.T) { q.step(call{method: get, id: q.drawID()}) },
		string(exchange): func(*rapid.T) { q.step(q.drawExchange(q.draw("how", anyReference, behindTheRecord))) },
		"Exchange right": func(*rapid.T) { q.step(q.drawExchange(right)) },
		string(revoke):   func(*rapid.T) { q.step(q.drawRevoke()) },
		string(listUser): func(*rapid.T) { q.step(call{method: listUser, userID: q.drawUser(), at: q.drawMoment()}) },
	}
	if !s.harness.NativeTTL {
		actions[string(deleteExpired)] = func(*rapid.T) {
			q.step(call{method: deleteExpired, at: q.drawMoment(), max: q.draw("max", 1, 3)})
		}
	}
	rt.Repeat(actions)
	for _, id := range q.ids {
		q.step(call{method: get, id: id})
	}
	for _, user := range q.users {
		q.step(call{method: listUser, userID: user, at: q.moment(q.last)})
	}
}

// step makes the call through some client. The others see what it wrote.
func (q *sequence) step(c call) {
	client := 0
	if len(q.clients) > 1 {
		client = q.draw("client", 0, len(q.clients)-1)
	}
	q.compare(c, client)
	if id := c.recordID(); c.method.writes() && id != "" {
		for other := range q.clients {
			if other != client {
				q.compare(call{method: get, id: id}, other)
			}
		}
	}
}

// compare makes the call through a client and compares its result with the model's.
func (q *sequence) compare(c call, client int) {
	expired := q.state.expired(c.at)
	got := c.on(q.ctx, q.clients[client])
	q.forget(c, got)
	if want := q.state.apply(c); !sameResult(c.method, want, got) {
		expected, seen := resultDifference(c.method, want, got)
		q.violate(c, expected, seen)
	}
	if c.method == deleteExpired {
		q.collected(c, expired, got, client)
	}
}

// collected finds out which of the expired records a DeleteExpired has deleted: the
// contract does not say which it begins with.
func (q *sequence) collected(c call, expired []core.Record, deleted result, client int) {
	left := 0
	for _, r := range expired {
		look := call{method: get, id: r.ID}
		got := look.on(q.ctx, q.clients[client])
		switch {
		case got.err == nil && sameRecord(r, got.record):
			q.state[r.ID] = r
			left++
		case isJust(got.err, core.ErrNotFound):
			delete(q.state, r.ID)
		default:
			q.violate(look, brief(r)+" as it stood, or ErrNotFound", got.format(get))
		}
	}
	if gone := len(expired) - left; gone != deleted.n {
		q.violate(c, fmt.Sprintf("%d, for so many are gone", gone), fmt.Sprint(deleted.n))
	}
}

func (q *sequence) violate(c call, want, got string) {
	q.sequences.violation = &violation{
		expected: fmt.Sprintf("%v: %s", c, want),
		seen:     got,
		calls:    q.ledger.calls(),
	}
	q.rt.Fatalf("%s answers otherwise than the model", c.method)
}

// forget removes from the model what the result shows to have gone by its native
// TTL, as a record may once it has expired.
func (q *sequence) forget(c call, got result) {
	if !q.harness.NativeTTL {
		return
	}
	over := func(r core.Record) bool { return !r.ExpiresAt.After(q.moment(q.last)) }
	if c.method == revoke && got.err == nil {
		for _, r := range q.state.clone().revoke(c.revocation).records {
			if over(r) && !slices.ContainsFunc(got.records, func(g core.Record) bool { return g.ID == r.ID }) {
				delete(q.state, r.ID)
			}
		}
		return
	}
	id := c.recordID()
	gone := errors.Is(got.err, core.ErrNotFound) || c.method == create && got.err == nil
	if r, ok := q.state[id]; ok && over(r) && gone {
		delete(q.state, id)
	}
}

// flagged reports whether the flag was given on the command line.
func flagged(name string) bool {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

func (q *sequence) draw(label string, low, high int) int {
	return rapid.IntRange(low, high).Draw(q.rt, label)
}

func (q *sequence) drawUser() string { return rapid.SampledFrom(q.users).Draw(q.rt, "user") }
func (q *sequence) drawRef() core.Ref {
	return q.refs[q.draw("ref", 0, len(q.refs)-1)]
}

func (q *sequence) moment(ticks int) time.Time { return q.start.Add(time.Duration(ticks) * tick) }

// drawID draws an ID, most often one that the store has.
func (q *sequence) drawID() string {
	known := slices.DeleteFunc(slices.Clone(q.ids), func(id string) bool { _, ok := q.state[id]; return !ok })
	if len(known) == 0 || q.draw("any id", 0, 4) == 0 {
		known = q.ids
	}
	return known[q.draw("id", 0, len(known)-1)]
}

// drawMoment draws when a call is made: often when some record expires, to the
// millisecond.
func (q *sequence) drawMoment() time.Time {
	if q.harness.NativeTTL {
		q.last += q.draw("ticks", 0, 3)
		return q.moment(q.last)
	}
	if q.draw("at an expiry", 0, 3) == 0 {
		if r, ok := q.state[q.drawID()]; ok && r.ExpiresAt.Before(q.moment(60)) { // far from the next sequence
			return r.ExpiresAt.Add(time.Duration(q.draw("off", 0, 1)) * time.Millisecond)
		}
	}
	return q.moment(q.draw("tick", 0, 12))
}

// drawExpiry draws a moment after at.
func (q *sequence) drawExpiry(at time.Time) time.Time {
	return q.moment(int(at.Sub(q.start)/tick) + q.draw("lifetime", 1, 20))
}

func (q *sequence) drawCreate() call {
	id, at := q.ids[q.draw("id", 0, len(q.ids)-1)], q.drawMoment()
	record := newRecord(q.owner[id], at)
	record.ID = id
	record.AccessRef = q.drawRef()
	record.Device = fmt.Sprintf("device %d", q.draw("device", 0, 2))
	record.ExpiresAt = q.drawExpiry(at)
	return call{method: create, record: record, limit: q.draw("limit", 0, 3)}
}

// drawRevoke draws a revocation: of one record or of a user, with any of the other
// conditions.
func (q *sequence) drawRevoke() call {
	v := core.Revocation{At: q.drawMoment()}
	if q.draw("of a user", 0, 1) == 0 {
		v.ID = q.drawID()
	}
	if v.ID == "" || q.draw("and of a user", 0, 3) == 0 {
		v.UserID = q.drawUser()
	}
	if q.draw("except", 0, 2) == 0 {
		v.Except = q.drawID()
	}
	if q.draw("issued until", 0, 2) == 0 {
		v.IssuedUntil = q.moment(q.draw("until", 0, 12))
	}
	return call{method: revoke, revocation: v}
}

// How an exchange that is drawn goes by the record.
const (
	anyReference = iota
	precedingReference
	ahead
	behindTheRecord
	right
)

// drawExchange draws an exchange of a record.
func (q *sequence) drawExchange(how int) call {
	id, at := q.drawID(), q.drawMoment()
	r := q.state[id]
	x := core.Exchange{ID: id, Generation: r.Generation, From: r.AccessRef, To: q.drawRef(), At: at, ExpiresAt: q.drawExpiry(at)}
	switch how {
	case anyReference:
		x.From = q.drawRef()
	case precedingReference:
		x.From = r.PreviousRef
	case ahead:
		x.Generation += int64(q.draw("ahead", 1, 3))
	case behindTheRecord:
		x.Generation = max(0, x.Generation-1)
	}
	if x.From.IsZero() { // of a record that is not there or has no preceding reference
		x.From = q.drawRef()
	}
	return call{method: exchange, exchange: x}
}
