package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// peerRules have one client write what the other has read before and reads again,
// and then the other way round.
var peerRules = []rule{
	{
		id:    "Peer/Create",
		text:  "A record that one client created is there for the other at once: to read, to list and as a taken ID.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			record := newRecord(user, base)
			b.lacks(record.ID)
			b.lists(user, base)
			a.create(record)
			b.holds(record)
			b.lists(user, base, record)
			b.refused(call{method: create, record: record}, core.ErrExists)
		}),
	},
	{
		id:    "Peer/Limit",
		text:  "A login through one client revokes what was created through the other.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			records := newRecords(user, base, 2)
			b.create(records[0])
			b.holds(records[0])
			b.lists(user, after(1), records[0])
			a.evicts(records[1], 1, records[0])
			b.holds(revokedAt(records[0], after(1)), records[1])
			b.lists(user, after(1), records[1])
		}),
	},
	{
		id:    "Peer/Exchange",
		text:  "An exchange through one client moves the record for the other at once: there it is read, and exchanged from where it stands only.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			record := newRecord(user, base)
			b.create(record)
			b.holds(record)
			b.listsExactly(user, after(1), record)
			x := next(record, after(1))
			record = a.exchange(x)
			b.holds(record)
			b.listsExactly(user, after(1), record)
			b.conflicts(record, x)
			a.holds(b.exchange(next(record, after(2))))
		}),
	},
	{
		id:    "Peer/Revoke",
		text:  "A revocation through one client is one for the other at once: no exchange, no listing.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			record := newRecord(user, base)
			b.create(record)
			b.holds(record)
			b.lists(user, after(2), record)
			a.revoke(record.ID, after(1))
			b.holds(revokedAt(record, after(1)))
			b.lists(user, after(2))
			b.conflicts(revokedAt(record, after(1)), next(record, after(2)))
			b.revokes(core.Revocation{ID: record.ID, At: after(3)})
			a.holds(revokedAt(record, after(1)))
		}),
	},
	{
		id:    "Peer/RevokeUser",
		text:  "Revoke of a user through one client revokes what was created through the other, and the other sees it at once.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			records := newRecords(user, base, 3)
			b.create(records...)
			b.holds(records...)
			b.lists(user, after(4), records...)
			a.revokesUser(user, after(4), reversed(records...)...)
			b.holds(allRevokedAt(records, after(4))...)
			b.lists(user, after(4))
			b.revokesUser(user, after(5))
		}),
	},
	{
		id:    "Peer/DeleteExpired",
		text:  "What one client deletes is gone for the other at once.",
		needs: []ability{needsPeer, needsDead},
		check: bothWays(func(a, b *trial, user string) {
			record := newRecord(user, base)
			b.create(record)
			b.holds(record)
			b.lists(user, after(1), record)
			a.deleteExpired(record.ExpiresAt.Add(time.Hour), 10, 1)
			b.lacks(record.ID)
			b.lists(user, after(1))
			b.deleteExpired(record.ExpiresAt.Add(time.Hour), 10, 0)
			b.create(record)
			a.holds(record)
			a.deleteExpired(record.ExpiresAt.Add(time.Hour), 10, 1)
		}),
	},
}

// bothWays runs the check with the store as a and its peer as b, then the other
// way round for another user.
func bothWays(check func(a, b *trial, user string)) func(*trial) {
	return func(t *trial) {
		peer := t.as(t.peer())
		check(t, peer, "alice")
		check(peer, t, "bob")
	}
}
