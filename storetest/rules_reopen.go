package storetest

import (
	"context"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var reopenRules = []rule{
	{
		id:    "Reopen/Records",
		text:  "A durable store keeps every record that it acknowledged, every field exact, and what it acknowledged of it since.",
		needs: []ability{needsReopen},
		check: func(t *trial) {
			tokens := newTokens("alice", base, 4)
			tokens[3].Data = make([]byte, core.MaxDataBytes)
			t.create(tokens...)
			tokens[1] = t.exchange(next(tokens[1], after(5)))
			t.revoke(tokens[2].ID, after(6))
			tokens[2] = revokedAt(tokens[2], after(6))
			for range 2 {
				t.reopen()
				t.holds(tokens...)
				tokens[1] = t.exchange(next(tokens[1], after(7)))
			}
		},
	},
	{
		id:    "Reopen/Users",
		text:  "After it is opened again a durable store finds a user's records as before: listed in order, counted by limits, revoked together.",
		needs: []ability{needsReopen},
		check: func(t *trial) {
			tokens := newTokens("alice", base, 4)
			bob := newToken("bob", base)
			t.create(append(tokens[:3:3], bob)...)
			t.reopen()
			t.listsExactly("alice", after(4), tokens[2], tokens[1], tokens[0])
			t.createLimited(tokens[3], 3)
			t.reopen()
			t.listsExactly("alice", after(4), tokens[3], tokens[2], tokens[1])
			t.revokeUser("alice", after(5), 3)
			t.reopen()
			t.lists("alice", after(6))
			t.holds(revokedAt(tokens[0], after(3)), revokedAt(tokens[1], after(5)), revokedAt(tokens[3], after(5)))
			t.listsExactly("bob", after(6), bob)
		},
	},
	{
		id:    "Reopen/Expiry",
		text:  "After it is opened again a durable store knows which records expire first, also where exchanges moved that, and what it deleted stays deleted.",
		needs: []ability{needsReopen, needsDead},
		check: func(t *trial) {
			tokens := newTokens("alice", base, 4)
			t.create(tokens...)
			x := next(tokens[0], after(5))
			x.ExpiresAt = tokens[3].ExpiresAt.Add(time.Hour)
			tokens[0] = t.exchange(x)
			t.deleteExpired(after(200), 1, 1) // tokens[1]
			t.reopen()
			t.lacks(tokens[1].ID)
			t.listsExactly("alice", after(6), tokens[3], tokens[2], tokens[0])
			t.deleteExpired(after(200), 1, 1)
			t.lacks(tokens[2].ID)
			t.holds(tokens[0], tokens[3])
			t.reopen()
			t.deleteExpired(after(200), 10, 2)
			t.reopen()
			t.lacks(tokens[0].ID, tokens[1].ID, tokens[2].ID, tokens[3].ID)
		},
	},
	{
		id:    "Reopen/RequestCancelled",
		text:  "What was acknowledged is durable even if the request that caused it is cancelled right after: revocations above all.",
		needs: []ability{needsReopen},
		check: func(t *trial) {
			tokens := newTokens("alice", base, 4)
			t.create(tokens[:3]...)
			for _, c := range []call{
				{method: exchange, exchange: next(tokens[1], after(4))},
				{method: revoke, id: tokens[0].ID, at: after(5)},
				{method: revokeUser, userID: "alice", at: after(6)},
				{method: create, token: tokens[3]},
			} {
				ctx, cancel := context.WithCancel(t.ctx)
				if r := c.on(ctx, t.store); r.err != nil {
					t.fail(string(c.method)+" succeeds", r.format(c.method))
				}
				cancel()
			}
			before := []core.Record{t.get(tokens[0].ID), t.get(tokens[1].ID), t.get(tokens[2].ID), tokens[3]}
			t.reopen()
			t.holds(before...)
			t.listsExactly("alice", after(7), tokens[3])
		},
	},
	{
		id:     "Reopen/Crowd",
		text:   "What was acknowledged to many callers at once is all there after the store is opened again.",
		needs:  []ability{needsReopen},
		varies: true,
		check: func(t *trial) {
			tokens := make([]core.Record, 10*crowd)
			t.together(crowd, func(i int, client core.RefreshStore) {
				t := t.as(client)
				for n := i; n < len(tokens); n += crowd {
					token := newToken("alice", after(n))
					t.create(token)
					tokens[n] = t.exchange(next(token, after(n+1)))
				}
			})
			t.reopen()
			t.holds(tokens...)
		},
	},
}
