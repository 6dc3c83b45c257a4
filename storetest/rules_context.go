package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// contextRules has two rules for each method, one for a context that is cancelled
// and one for a context past its deadline when the call begins, and those about
// contexts at large.
func contextRules() []rule {
	all := []rule{
		{
			id:   "Context/BeforeSentinels",
			text: "A context cancelled when the call begins is the context's error, whatever the call would have found.",
			check: func(t *trial) {
				token := newToken("alice", base)
				t.create(token)
				unknown := newToken("alice", base)
				ctx, cancel := context.WithCancel(t.ctx)
				cancel()
				for _, c := range []call{
					{method: create, token: token},
					{method: get, id: unknown.ID},
					{method: exchange, exchange: next(unknown, after(1))},
					{method: revoke, id: unknown.ID, at: after(1)},
				} {
					t.stops(ctx, c)
				}
				t.holds(token)
			},
		},
		{
			id:   "Context/NotKept",
			text: "A store keeps no context: cancelling it after the call returned undoes nothing and hinders no later call.",
			check: func(t *trial) {
				alice, bob, carol := newToken("alice", base), newToken("bob", base), newToken("carol", base)
				for _, c := range []call{
					{method: create, token: alice},
					{method: create, token: bob},
					{method: create, token: carol},
					{method: exchange, exchange: next(alice, after(3))},
					{method: revoke, id: bob.ID, at: after(4)},
					{method: revokeUser, userID: "carol", at: after(5)},
				} {
					ctx, cancel := context.WithCancel(t.ctx)
					r := c.on(ctx, t.store)
					cancel()
					if r.err != nil {
						t.fail(string(c.method)+" succeeds", r.format(c.method))
					}
				}
				if got := t.get(alice.ID); !t.failed() && got.Generation != 1 {
					t.fail("Generation is 1", formatToken(got))
				}
				t.holds(revokedAt(bob, after(4)), revokedAt(carol, after(5)))
			},
		},
	}
	for _, m := range []method{create, get, exchange, revoke, revokeUser, listUser, deleteExpired} {
		all = append(all, rule{
			id:   string(m) + "/Cancelled",
			text: fmt.Sprintf("%s with a context that is cancelled when the call begins is context.Canceled, and nothing changes.", m),
			check: func(t *trial) {
				ctx, cancel := context.WithCancel(t.ctx)
				cancel()
				t.changesNothing(ctx, m)
			},
		}, rule{
			id:   string(m) + "/Overdue",
			text: fmt.Sprintf("%s with a context that is past its deadline when the call begins is context.DeadlineExceeded, and nothing changes.", m),
			check: func(t *trial) {
				ctx, cancel := context.WithDeadline(t.ctx, time.Now().Add(-time.Hour))
				defer cancel()
				t.changesNothing(ctx, m)
			},
		})
	}
	return all
}

// changesNothing makes a call that would succeed and change records, were it not
// for its context.
func (t *trial) changesNothing(ctx context.Context, m method) {
	tokens := newTokens("alice", base, 3)
	tokens[0].ExpiresAt = after(10)
	t.create(tokens...)
	login := newToken("alice", after(4))
	t.stops(ctx, map[method]call{
		create:        {method: create, token: login, limit: 1},
		get:           {method: get, id: tokens[1].ID},
		exchange:      {method: exchange, exchange: next(tokens[1], after(4))},
		revoke:        {method: revoke, id: tokens[1].ID, at: after(4)},
		revokeUser:    {method: revokeUser, userID: "alice", at: after(4)},
		listUser:      {method: listUser, userID: "alice", at: after(4)},
		deleteExpired: {method: deleteExpired, at: after(20), max: 10},
	}[m])
	t.holds(tokens...)
	t.lists("alice", after(4), reversed(tokens...)...)
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
