package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var disconnectRules = []rule{
	{
		id:    "Disconnect/Failure",
		text:  "While the network fails every call returns an error, never one that says what the store found.",
		needs: []ability{needsDisconnect},
		check: func(t *trial) {
			network := t.disconnecting()
			for _, fault := range faults {
				for n, c := range t.oneOfEach(fmt.Sprintf("%v user", fault)) {
					if t.failed() {
						return
					}
					network(fault)
					ctx, cancel := context.WithTimeout(t.ctx, faultTime)
					r := c.on(ctx, t.store)
					overdue := ctx.Err() != nil
					cancel()
					network(NoFault)
					switch {
					case r.err == nil || isSentinel(r.err):
						t.fail(fmt.Sprintf("with the network %v, call %d, %s, is an error of the driver's", fault, n, c.method), r.format(c.method))
					case fault == Stalled && overdue && !errors.Is(r.err, context.DeadlineExceeded):
						t.fail(fmt.Sprintf("%s that the network stalls is context.DeadlineExceeded", c.method), r.format(c.method))
					}
					t.mended()
				}
			}
		},
	},
	{
		id: "Disconnect/NotTwice",
		text: "A call whose response was lost is not made a second time unseen: " +
			"what the first has done is never told as what the second has found.",
		needs: []ability{needsDisconnect},
		check: func(t *trial) {
			network := t.disconnecting()
			for n := range 5 {
				record := newRecord(fmt.Sprintf("user %d", n), base)
				other := newRecord(fmt.Sprintf("other %d", n), base)
				t.create(other)
				t.lostAndMended(network, call{method: create, record: record}, func(r result) bool { return r.err == nil })
				t.lostAndMended(network, call{method: exchange, exchange: next(other, after(1))}, func(r result) bool { return r.err == nil })
				t.lostAndMended(network, revokesUser(other.UserID, after(2)), func(r result) bool { return len(r.records) == 1 })
				t.create(newRecord(record.UserID, after(3)))
				login := call{method: create, record: newRecord(record.UserID, after(4)), limit: 1}
				t.lostAndMended(network, login, func(r result) bool { return len(r.records) > 0 })
			}
		},
	},
	{
		id: "Disconnect/NotTwiceAtCommit",
		text: "Whichever response of a call is lost, that of a COMMIT too, the call is not made a second time unseen, " +
			"and one that succeeds has taken effect.",
		needs: []ability{needsDisconnect},
		check: func(t *trial) {
			network := t.disconnecting()
			for n := 1; n <= maxResponses; n++ {
				login, other := newRecord(fmt.Sprintf("user %d", n), base), newRecord(fmt.Sprintf("other %d", n), base)
				t.create(other)
				succeeds := func(r result) bool { return r.err == nil }
				returnsOne := func(r result) bool { return len(r.records) == 1 }
				revoked := func(r core.Record) bool { return !r.RevokedAt.IsZero() }
				t.responseLost(network, n, call{method: create, record: login}, succeeds,
					login.ID, func(r core.Record) bool { return sameRecord(login, r) })
				t.responseLost(network, n, call{method: exchange, exchange: next(other, after(1))}, succeeds,
					other.ID, func(r core.Record) bool { return r.Generation == 1 })
				t.responseLost(network, n, revokesUser(other.UserID, after(2)), returnsOne, other.ID, revoked)
				evicted := newRecord(fmt.Sprintf("evicted %d", n), base)
				t.create(evicted)
				t.responseLost(network, n, call{method: create, record: newRecord(evicted.UserID, after(4)), limit: 1}, returnsOne,
					evicted.ID, revoked)
			}
		},
	},
	{
		id:    "Disconnect/Mends",
		text:  "Once the network is mended the store answers again as before, without being opened again.",
		needs: []ability{needsDisconnect},
		check: func(t *trial) {
			network := t.disconnecting()
			records := newRecords("alice", base, 3)
			t.create(records...)
			for _, fault := range faults {
				network(fault)
				t.together(crowd, func(i int, client core.RefreshStore) {
					ctx, cancel := context.WithTimeout(t.ctx, faultTime)
					defer cancel()
					call{method: get, id: records[i%3].ID}.on(ctx, client)
				})
				network(NoFault)
				t.mended()
				t.holds(records...)
				t.usable(fault.String())
			}
		},
	},
	{
		id: "Disconnect/Linearizable",
		text: "Concurrent histories stay linearizable while the network fails now and then: a call that failed has taken effect wholly, " +
			"or does so later, or never.",
		needs:  []ability{needsDisconnect},
		varies: true,
		check: func(t *trial) {
			t.histories(plan{users: 2, records: 3, length: 8, disturbed: true, network: t.disconnecting()})
		},
	},
}

const (
	// maxResponses is how many responses of a call are lost, one at a time.
	maxResponses = 6
	// faultTime is how long a call may take while the network fails.
	faultTime = 300 * time.Millisecond
	// mendTime is how long a store may take to find out that the network is mended.
	mendTime = 5 * time.Second
	// impatience is how long a call may take in the histories meanwhile: many
	// of them are overdue then.
	impatience = 60 * time.Millisecond
	// disturbedTime is how long histories are begun while it fails now and then.
	disturbedTime = 4 * time.Second
)

// oneOfEach prepares a record of each of some users and returns calls of all methods,
// about these records and about none that the store has.
func (t *trial) oneOfEach(user string) []call {
	var records []core.Record
	for n := range 6 {
		record := newRecord(fmt.Sprintf("%s %d", user, n), base)
		records = append(records, record)
		if n > 0 {
			t.create(record)
		}
	}
	calls := []call{
		{method: create, record: records[0], limit: 1},
		{method: get, id: records[1].ID},
		{method: exchange, exchange: next(records[2], after(1))},
		revokesOne(records[3].ID, after(1)),
		revokesUser(records[4].UserID, after(1)),
		{method: listUser, userID: records[5].UserID, at: after(1)},
		{method: get, id: core.NewRecordID(user)},
		revokesOne(core.NewRecordID(user), after(1)),
	}
	if !t.harness.NativeTTL { // there it need not ask anybody
		calls = append(calls, call{method: deleteExpired, at: base, max: 1})
	}
	return calls
}

// responseLost makes a call whose nth response is lost, and wants it to fail or to return
// what it does when it is made once. If it succeeds, the record of that ID must stand so.
func (t *trial) responseLost(network func(Fault), n int, c call, once func(r result) bool, id string, stands func(core.Record) bool) {
	if t.failed() {
		return
	}
	network(ResponseCut(n))
	ctx, cancel := context.WithTimeout(t.ctx, 10*faultTime)
	r := c.on(ctx, t.store)
	cancel()
	network(NoFault)
	if isSentinel(r.err) || r.err == nil && !once(r) {
		t.fail(fmt.Sprintf("%s whose response %d is lost fails, or returns what it does when it is made once", c.method, n), r.format(c.method))
	}
	t.mended()
	if r.err == nil && !t.failed() {
		if got := t.get(id); !t.failed() && !stands(got) {
			t.failAbout(fmt.Sprintf("%s that succeeds has taken effect", c.method), formatRecord(got), got)
		}
	}
}

// lostAndMended makes a call whose answer is lost, mends the network in case the call
// goes on, and wants it to fail or to return what it does when it is made once.
func (t *trial) lostAndMended(network func(Fault), c call, once func(r result) bool) {
	if t.failed() {
		return
	}
	network(ResponsesCut)
	returned := make(chan result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.ctx, 10*faultTime)
		defer cancel()
		returned <- c.on(ctx, t.store)
	}()
	var r result
	select {
	case r = <-returned:
		network(NoFault)
	case <-time.After(faultTime / 10):
		network(NoFault)
		r = <-returned
	}
	if isSentinel(r.err) || r.err == nil && !once(r) {
		t.fail(fmt.Sprintf("%s fails, or returns what it does when it is made once", c.method), r.format(c.method))
	}
	t.mended()
}

// mended waits until the store answers again: a pool may have to find out that its
// connections are broken, and a driver may wait before it connects again.
func (t *trial) mended() {
	for deadline := time.Now().Add(mendTime); !t.failed(); time.Sleep(mendTime / 1000) {
		ctx, cancel := context.WithTimeout(t.ctx, time.Second)
		r := call{method: get, id: core.NewRecordID("nobody")}.on(ctx, t.store)
		cancel()
		if isJust(r.err, core.ErrNotFound) {
			return
		}
		if time.Now().After(deadline) {
			t.fail(fmt.Sprintf("the store answers again within %v after the network is mended", mendTime), r.format(get))
		}
	}
}
