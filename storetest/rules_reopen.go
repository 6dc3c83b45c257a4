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
			records := newRecords("alice", base, 4)
			records[3].Data = make([]byte, core.MaxDataBytes)
			t.create(records...)
			records[1] = t.exchange(next(records[1], after(5)))
			t.revoke(records[2].ID, after(6))
			records[2] = revokedAt(records[2], after(6))
			for range 2 {
				t.reopen()
				t.holds(records...)
				records[1] = t.exchange(next(records[1], after(7)))
			}
		},
	},
	{
		id:    "Reopen/Users",
		text:  "After it is opened again a durable store finds a user's records as before: listed in order, counted by limits, revoked together.",
		needs: []ability{needsReopen},
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			bob := newRecord("bob", base)
			t.create(append(records[:3:3], bob)...)
			t.reopen()
			t.listsExactly("alice", after(4), records[2], records[1], records[0])
			t.createLimited(records[3], 3)
			t.reopen()
			t.listsExactly("alice", after(4), records[3], records[2], records[1])
			t.revokesUser("alice", after(5), records[3], records[2], records[1])
			t.reopen()
			t.lists("alice", after(6))
			t.holds(revokedAt(records[0], after(3)), revokedAt(records[1], after(5)), revokedAt(records[3], after(5)))
			t.listsExactly("bob", after(6), bob)
		},
	},
	{
		id:    "Reopen/Expiry",
		text:  "After it is opened again a durable store knows which records expire first, also where exchanges moved that, and what it deleted stays deleted.",
		needs: []ability{needsReopen, needsDead},
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			t.create(records...)
			x := next(records[0], after(5))
			x.ExpiresAt = records[3].ExpiresAt.Add(time.Hour)
			records[0] = t.exchange(x)
			t.deleteExpired(after(200), 1, 1) // records[1]
			t.reopen()
			t.lacks(records[1].ID)
			t.listsExactly("alice", after(6), records[3], records[2], records[0])
			t.deleteExpired(after(200), 1, 1)
			t.lacks(records[2].ID)
			t.holds(records[0], records[3])
			t.reopen()
			t.deleteExpired(after(200), 10, 2)
			t.reopen()
			t.lacks(records[0].ID, records[1].ID, records[2].ID, records[3].ID)
		},
	},
	{
		id:    "Reopen/RequestCancelled",
		text:  "What was acknowledged is durable even if the request that caused it is cancelled right after: revocations above all.",
		needs: []ability{needsReopen},
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			t.create(records[:3]...)
			for _, c := range []call{
				{method: exchange, exchange: next(records[1], after(4))},
				revokesOne(records[0].ID, after(5)),
				revokesUser("alice", after(6)),
				{method: create, record: records[3]},
			} {
				ctx, cancel := context.WithCancel(t.ctx)
				if r := c.on(ctx, t.store); r.err != nil {
					t.fail(string(c.method)+" succeeds", r.format(c.method))
				}
				cancel()
			}
			before := []core.Record{t.get(records[0].ID), t.get(records[1].ID), t.get(records[2].ID), records[3]}
			t.reopen()
			t.holds(before...)
			t.listsExactly("alice", after(7), records[3])
		},
	},
	{
		id:     "Reopen/Crowd",
		text:   "What was acknowledged to many callers at once is all there after the store is opened again.",
		needs:  []ability{needsReopen},
		varies: true,
		check: func(t *trial) {
			records := make([]core.Record, 10*crowd)
			t.together(crowd, func(i int, client core.RefreshStore) {
				t := t.as(client)
				for n := i; n < len(records); n += crowd {
					record := newRecord("alice", after(n))
					t.create(record)
					records[n] = t.exchange(next(record, after(n+1)))
				}
			})
			t.reopen()
			t.holds(records...)
		},
	},
}
