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
		text:  "A record that one client created is there for the other at once: to read, to list and as a taken id.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			token := newToken(user, base)
			b.lacks(token.ID)
			b.lists(user, base)
			a.create(token)
			b.holds(token)
			b.lists(user, base, token)
			b.refused(call{method: create, token: token}, core.ErrExists)
		}),
	},
	{
		id:    "Peer/Limit",
		text:  "A login through one client revokes what was created through the other.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			tokens := newTokens(user, base, 2)
			b.create(tokens[0])
			b.holds(tokens[0])
			b.lists(user, after(1), tokens[0])
			a.createLimited(tokens[1], 1)
			b.holds(revokedAt(tokens[0], after(1)), tokens[1])
			b.lists(user, after(1), tokens[1])
		}),
	},
	{
		id:    "Peer/Exchange",
		text:  "An exchange through one client moves the record for the other at once: there it is read, and exchanged from where it stands only.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			token := newToken(user, base)
			b.create(token)
			b.holds(token)
			b.listsExactly(user, after(1), token)
			x := next(token, after(1))
			token = a.exchange(x)
			b.holds(token)
			b.listsExactly(user, after(1), token)
			b.conflicts(token, x)
			a.holds(b.exchange(next(token, after(2))))
		}),
	},
	{
		id:    "Peer/Revoke",
		text:  "A revocation through one client is one for the other at once: no exchange, no listing.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			token := newToken(user, base)
			b.create(token)
			b.holds(token)
			b.lists(user, after(2), token)
			a.revoke(token.ID, after(1))
			b.holds(revokedAt(token, after(1)))
			b.lists(user, after(2))
			b.conflicts(revokedAt(token, after(1)), next(token, after(2)))
			b.revoke(token.ID, after(3))
			a.holds(revokedAt(token, after(1)))
		}),
	},
	{
		id:    "Peer/RevokeUser",
		text:  "RevokeUser through one client revokes what was created through the other, and the other sees it at once.",
		needs: []ability{needsPeer},
		check: bothWays(func(a, b *trial, user string) {
			tokens := newTokens(user, base, 3)
			b.create(tokens...)
			b.holds(tokens...)
			b.lists(user, after(4), tokens...)
			a.revokeUser(user, after(4), 3)
			b.holds(allRevokedAt(tokens, after(4))...)
			b.lists(user, after(4))
			b.revokeUser(user, after(5), 0)
		}),
	},
	{
		id:    "Peer/DeleteExpired",
		text:  "What one client deletes is gone for the other at once.",
		needs: []ability{needsPeer, needsDead},
		check: bothWays(func(a, b *trial, user string) {
			token := newToken(user, base)
			b.create(token)
			b.holds(token)
			b.lists(user, after(1), token)
			a.deleteExpired(token.ExpiresAt.Add(time.Hour), 10, 1)
			b.lacks(token.ID)
			b.lists(user, after(1))
			b.deleteExpired(token.ExpiresAt.Add(time.Hour), 10, 0)
			b.create(token)
			a.holds(token)
			a.deleteExpired(token.ExpiresAt.Add(time.Hour), 10, 1)
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
