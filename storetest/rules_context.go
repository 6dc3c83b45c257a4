package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// contextRules has two rules for each method, one for a context that is cancelled
// and one for a context past its deadline when the call begins, and those about
// contexts at large. Those called Stopped stop a call on its way: at the first moment
// that it looks at its context, at the second, and so on until it no longer looks.
func contextRules() []rule {
	all := []rule{
		{
			id:   "Context/BeforeSentinels",
			text: "A context cancelled when the call begins is the context's error, whatever the call would have found.",
			check: func(t *trial) {
				record := newRecord("alice", base)
				t.create(record)
				unknown := newRecord("alice", base)
				ctx, cancel := context.WithCancel(t.ctx)
				cancel()
				for _, c := range []call{
					{method: create, record: record},
					{method: get, id: unknown.ID},
					{method: exchange, exchange: next(unknown, after(1))},
					{method: exchange, exchange: core.Exchange{ID: record.ID, From: newRef(), To: newRef(), At: after(1), ExpiresAt: after(2)}},
					revokesOne(unknown.ID, after(1)),
					revokesUser("bob", after(1)),
				} {
					t.stops(ctx, c)
				}
				t.holds(record)
			},
		},
		{
			id:   "Context/NotKept",
			text: "A store keeps no context: cancelling it after the call returned undoes nothing and hinders no later call.",
			check: func(t *trial) {
				alice, bob, carol, dave := newRecord("alice", base), newRecord("bob", base), newRecord("carol", base), newRecord("dave", base)
				dave.ExpiresAt = after(1)
				for _, c := range []call{
					{method: create, record: alice},
					{method: create, record: bob},
					{method: create, record: carol},
					{method: create, record: dave},
					{method: get, id: alice.ID},
					{method: exchange, exchange: next(alice, after(3))},
					{method: listUser, userID: "carol", at: after(3)},
					{method: deleteExpired, at: after(2), max: 1},
					revokesOne(bob.ID, after(4)),
					revokesUser("carol", after(5)),
					{method: get, id: bob.ID},
					{method: listUser, userID: "alice", at: after(5)},
				} {
					ctx, cancel := context.WithCancel(t.ctx)
					r := c.on(ctx, t.store)
					cancel()
					if r.err != nil {
						t.fail(string(c.method)+" succeeds", r.format(c.method))
					}
				}
				time.Sleep(settleTime) // what waits for the end of a context runs now
				if got := t.get(alice.ID); !t.failed() && got.Generation != 1 {
					t.fail("Generation is 1", formatRecord(got))
				}
				t.holds(revokedAt(bob, after(4)), revokedAt(carol, after(5)))
				if !t.harness.NativeTTL {
					t.lacks(dave.ID)
				}
			},
		},
		{
			id:   "Create/Stopped",
			text: "A Create stopped by its context stores the record and revokes those beyond the limit, or does neither.",
			check: func(t *trial) {
				t.eachStop(func(ctx context.Context, user string, _ time.Time) {
					records := newRecords(user, base, 4)
					t.create(records[:3]...)
					t.wholly(ctx, call{method: create, record: records[3], limit: 1},
						records[:3], append(allRevokedAt(records[:3], after(3)), records[3]))
				})
			},
		},
		{
			id:   "Exchange/Stopped",
			text: "An Exchange stopped by its context sets every field or none.",
			check: func(t *trial) {
				t.eachStop(func(ctx context.Context, user string, _ time.Time) {
					record := newRecord(user, base)
					t.create(record)
					x := next(record, after(1))
					x.ExpiresAt = after(2)
					t.wholly(ctx, call{method: exchange, exchange: x},
						[]core.Record{record}, []core.Record{exchanged(record, x)})
				})
			},
		},
		{
			id:   "Revoke/Stopped",
			text: "A Revoke stopped by its context has revoked all the records that it selects or none.",
			check: func(t *trial) {
				t.eachStop(func(ctx context.Context, user string, _ time.Time) {
					records := newRecords(user, base, 1)
					t.create(records...)
					t.wholly(ctx, revokesOne(records[0].ID, after(1)), records, allRevokedAt(records, after(1)))
				})
				t.eachStop(func(ctx context.Context, user string, _ time.Time) {
					user += " with several"
					records := newRecords(user, base, 5)
					t.create(records...)
					t.wholly(ctx, revokesUser(user, after(9)), records, allRevokedAt(records, after(9)))
				})
			},
		},
		{
			id:    "DeleteExpired/Stopped",
			text:  "A DeleteExpired stopped by its context has deleted at most max expired records, each wholly, and no other.",
			needs: []ability{needsDead},
			check: func(t *trial) {
				t.eachStop(func(ctx context.Context, user string, start time.Time) {
					records := newRecords(user, start, 5)
					records[4].ExpiresAt = start.Add(200 * lifetime) // beyond all the others
					t.create(records...)
					t.deletesSome(ctx, records[3].ExpiresAt.Add(time.Hour), 3, records)
				})
			},
		},
	}
	for _, m := range methods {
		all = append(all, rule{
			id:   string(m) + "/Cancelled",
			text: fmt.Sprintf("%s with a context that is cancelled when the call begins is context.Canceled, and nothing changes.", m),
			check: func(t *trial) {
				ctx, cancel := context.WithCancel(t.ctx)
				cancel()
				t.changesNothing(ctx, m)
				caused, end := context.WithCancelCause(t.ctx) // ctx.Err() is what counts
				end(errCause)
				t.stopsEach(caused, m, t.created(newRecords("bob", base, 3)))
			},
		}, rule{
			id:   string(m) + "/Overdue",
			text: fmt.Sprintf("%s with a context that is past its deadline when the call begins is context.DeadlineExceeded, and nothing changes.", m),
			check: func(t *trial) {
				ctx, cancel := context.WithDeadline(t.ctx, time.Now().Add(-time.Hour))
				defer cancel()
				t.changesNothing(ctx, m)
				caused, end := context.WithDeadlineCause(t.ctx, time.Now().Add(-time.Hour), errCause)
				defer end()
				t.stopsEach(caused, m, t.created(newRecords("bob", base, 3)))
			},
		})
	}
	return all
}

// settleTime is how long a store may go on with a call whose context ended after it.
const settleTime = 20 * time.Millisecond

// changesNothing makes the calls of a method that would succeed and change records,
// were it not for their context.
func (t *trial) changesNothing(ctx context.Context, m method) {
	records := newRecords("alice", base, 3)
	records[0].ExpiresAt = after(10)
	t.create(records...)
	t.stopsEach(ctx, m, records)
	t.holds(records...)
	t.lists("alice", after(4), reversed(records...)...)
}

// errCause is a cause of a cancellation, which no store need know of.
var errCause = errors.New("the caller has gone")

// created stores the records and returns them.
func (t *trial) created(records []core.Record) []core.Record {
	t.create(records...)
	return records
}

// stopsEach makes the calls of a method about these records of one user, and wants each
// to fail with the error of its context.
func (t *trial) stopsEach(ctx context.Context, m method, records []core.Record) {
	user := records[0].UserID
	for _, c := range []call{
		{method: create, record: newRecord(user, after(4)), limit: 1},
		{method: get, id: records[1].ID},
		{method: exchange, exchange: next(records[1], after(4))},
		revokesOne(records[1].ID, after(4)),
		revokesUser(user, after(4)),
		{method: listUser, userID: user, at: after(4)},
		{method: deleteExpired, at: after(20), max: 10},
	} {
		if c.method == m {
			t.stops(ctx, c)
		}
	}
}

// stops wants the call to fail with the error of its context, and with none of
// the sentinels.
func (t *trial) stops(ctx context.Context, c call) {
	if t.failed() {
		return
	}
	r := c.on(ctx, t.store)
	if !errors.Is(r.err, ctx.Err()) || isSentinel(r.err) {
		t.fail(fmt.Sprintf("%s is %v", c.method, ctx.Err()), r.format(c.method))
	}
}

// eachStop calls f with contexts that are cancelled at their first, second, third
// look, each with a user of its own and a start after all the earlier ones, until
// one is not looked at so often.
func (t *trial) eachStop(f func(ctx context.Context, user string, start time.Time)) {
	for looks := 1; looks <= 50 && !t.failed(); looks++ {
		ctx := &fragile{Context: t.ctx, looks: looks, done: make(chan struct{})}
		f(ctx, fmt.Sprintf("user %d", looks), base.Add(time.Duration(looks)*2*lifetime))
		if ctx.Err() == nil {
			return
		}
	}
}

// stoppable makes a call that may be stopped by its context. It reports whether it
// succeeded, and notes any error that is not the context's.
func (t *trial) stoppable(ctx context.Context, c call) (succeeded bool) {
	r := c.on(ctx, t.store)
	if r.err != nil && (!errors.Is(r.err, context.Canceled) || isSentinel(r.err)) {
		t.fail(fmt.Sprintf("%s succeeds or is context.Canceled", c.method), r.format(c.method))
	}
	return r.err == nil
}

// wholly makes a call that may be stopped by its context, and wants the user's
// records to be those before or those after it.
func (t *trial) wholly(ctx context.Context, c call, before, after []core.Record) {
	if t.failed() {
		return
	}
	if t.stoppable(ctx, c) {
		before = after
	}
	var named []core.Record
	known := map[string]bool{}
	for _, record := range append(before[:len(before):len(before)], after...) {
		if !known[record.ID] {
			known[record.ID] = true
			named = append(named, record)
		}
	}
	is := t.present(named)
	// Behind a network the call may take effect between two of these reads.
	for deadline := time.Now().Add(mendTime); t.late() && !sameRecords(is, before) && !sameRecords(is, after) && time.Now().Before(deadline); {
		is = t.present(named)
	}
	if !t.failed() && !sameRecords(is, before) && !sameRecords(is, after) {
		t.fail(fmt.Sprintf("%s changes all or nothing", c.method), statesOf(before, after, is))
	}
}

// present returns those of the records that the store has, as they stand.
func (t *trial) present(records []core.Record) []core.Record {
	var is []core.Record
	for _, record := range records {
		if got := t.there(record.ID); got != nil {
			is = append(is, *got)
		}
	}
	return is
}

// deletesSome makes a DeleteExpired that may be stopped by its context. All but the last
// of the records have expired. It wants at most max of those gone, the others whole,
// and all of them gone after another call.
func (t *trial) deletesSome(ctx context.Context, before time.Time, max int, records []core.Record) {
	if t.failed() {
		return
	}
	done := t.stoppable(ctx, call{method: deleteExpired, at: before, max: max})
	left := t.present(records)
	stood := map[string]core.Record{}
	for _, record := range records {
		stood[record.ID] = record
	}
	for _, got := range left {
		t.wantRecord("a record that is left", stood[got.ID], got)
	}
	gone := len(records) - len(left)
	if !t.failed() && (gone > max || done && gone != max) {
		t.fail(fmt.Sprintf("at most %d records gone, and exactly so many if the call succeeds", max), fmt.Sprint(gone))
	}
	t.must(call{method: deleteExpired, at: before, max: everything})
	last := len(records) - 1
	for _, record := range records[:last] {
		t.lacks(record.ID)
	}
	t.holds(records[last])
}

// fragile is a context that is cancelled the moment somebody has looked at it so
// many times, by Done or Err. It is safe for concurrent use.
type fragile struct {
	context.Context
	mu    sync.Mutex
	looks int // left
	done  chan struct{}
}

func (f *fragile) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looks == 0 {
		return
	}
	f.looks--
	if f.looks == 0 {
		close(f.done)
	}
}

func (f *fragile) Done() <-chan struct{} {
	f.look()
	return f.done
}

func (f *fragile) Err() error {
	f.look()
	select {
	case <-f.done:
		return context.Canceled
	default:
		return f.Context.Err()
	}
}
