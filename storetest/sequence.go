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

// sequences tries random sequences on one store. Each has users and ids of its
// own and lies before all the earlier ones in time, so that its DeleteExpired
// can't reach what those have left.
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
	owner map[string]string // the user of each id
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
		string(create):     func(*rapid.T) { q.step(q.drawCreate()) },
		string(get):        func(*rapid.T) { q.step(call{method: get, id: q.drawID()}) },
		string(exchange):   func(*rapid.T) { q.step(q.drawExchange(q.draw("how", anyReference, behindTheRecord))) },
		"Exchange right":   func(*rapid.T) { q.step(q.drawExchange(right)) },
		string(revoke):     func(*rapid.T) { q.step(call{method: revoke, id: q.drawID(), at: q.drawMoment()}) },
		string(revokeUser): func(*rapid.T) { q.step(call{method: revokeUser, userID: q.drawUser(), at: q.drawMoment()}) },
		string(listUser):   func(*rapid.T) { q.step(call{method: listUser, userID: q.drawUser(), at: q.drawMoment()}) },
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
	if id := c.record(); c.method.writes() && id != "" {
		for other := range q.clients {
			if other != client {
				q.compare(call{method: get, id: id}, other)
			}
		}
	}
}

// compare makes the call through a client and compares its result with the model's.
func (q *sequence) compare(c call, client int) {
	got := c.on(q.ctx, q.clients[client])
	if q.vanished(c, got) {
		delete(q.state, c.record())
	}
	if want := q.state.apply(c); !sameResult(c.method, want, got) {
		q.sequences.violation = &violation{
			expected: fmt.Sprintf("%v: %s", c, want.format(c.method)),
			seen:     got.format(c.method),
			calls:    q.ledger.calls(),
		}
		q.rt.Fatalf("%s answers otherwise than the model", c.method)
	}
}

// vanished reports whether the result shows that the call's record has gone by
// its native TTL, as a record may once it has expired.
func (q *sequence) vanished(c call, got result) bool {
	t, ok := q.state[c.record()]
	if !ok || !q.harness.NativeTTL || t.ExpiresAt.After(q.moment(q.last)) {
		return false
	}
	if c.method == create {
		return got.err == nil
	}
	return errors.Is(got.err, core.ErrNotFound)
}

// flagged reports whether the flag was given on the command line.
func flagged(name string) bool {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}
