package storetest

import (
	"math"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var deleteRules = []rule{
	{
		id:    "DeleteExpired/Deletes",
		text:  "A deleted record is ErrNotFound to every method and is listed at no moment.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.deleteExpired(token.ExpiresAt.Add(time.Hour), 10, 1)
			t.lacks(token.ID)
			t.refused(call{method: exchange, exchange: next(token, after(1))}, core.ErrNotFound)
			t.refused(call{method: revoke, id: token.ID, at: after(1)}, core.ErrNotFound)
			t.lists("alice", after(1))
			t.revokeUser("alice", after(1), 0)
			t.lacks(token.ID)
		},
	},
	{
		id:    "DeleteExpired/FreesID",
		text:  "The id of a deleted record is free: it can be created again and is a new record.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.deleteExpired(token.ExpiresAt.Add(time.Hour), 10, 1)
			again := newToken("alice", token.ExpiresAt.Add(2*time.Hour))
			again.ID = token.ID
			t.create(again)
			t.holds(again)
			t.lists("alice", again.IssuedAt, again)
			t.deleteExpired(token.ExpiresAt.Add(3*time.Hour), 10, 0)
			t.holds(again)
		},
	},
	{
		id:    "DeleteExpired/StrictlyBefore",
		text:  "Only records whose ExpiresAt lies before the moment are deleted, not those that expire at it.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.deleteExpired(token.ExpiresAt, 10, 0)
			t.holds(token)
			t.deleteExpired(token.ExpiresAt.Add(time.Millisecond), 10, 1)
			t.lacks(token.ID)
		},
	},
	{
		id:    "DeleteExpired/AtMostMax",
		text:  "At most max records are deleted, and exactly max where so many have expired.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			t.create(newTokens("alice", base, 7)...)
			before := after(100).Add(lifetime)
			for _, want := range []int{3, 3, 1, 0} {
				t.deleteExpired(before, 3, want)
			}
		},
	},
	{
		id:    "DeleteExpired/EarliestFirst",
		text:  "Those that expired first are deleted first, whoever's they are and whenever they were issued.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			tokens = append(tokens, newTokens("bob", base, 3)...)
			for i, hours := range []int{40, 10, 30, 50, 20, 60} {
				tokens[i].ExpiresAt = after(hours)
			}
			t.create(tokens...)
			slices.SortFunc(tokens, func(a, b core.Record) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
			for len(tokens) > 0 {
				t.deleteExpired(after(100), 2, 2)
				t.lacks(tokens[0].ID, tokens[1].ID)
				tokens = tokens[2:]
				t.holds(tokens...)
			}
		},
	},
	{
		id:    "DeleteExpired/RevokedToo",
		text:  "Revoked records are deleted once they have expired, and not before.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			tokens[2].ExpiresAt = after(1000)
			t.create(tokens...)
			t.revoke(tokens[0].ID, after(4))
			t.revoke(tokens[2].ID, after(4))
			t.deleteExpired(after(5), 10, 0)
			t.deleteExpired(after(500), 10, 2)
			t.lacks(tokens[0].ID, tokens[1].ID)
			t.holds(revokedAt(tokens[2], after(4)))
		},
	},
	{
		id:    "DeleteExpired/SparesLive",
		text:  "A record that has not expired is never deleted.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			tokens := newTokens("alice", base, 4)
			tokens[1].ExpiresAt = after(10)
			t.create(tokens...)
			t.deleteExpired(after(20), everything, 1)
			t.holds(tokens[0], tokens[2], tokens[3])
			t.lists("alice", after(20), tokens[3], tokens[2], tokens[0])
			t.deleteExpired(after(20), everything, 0)
		},
	},
	{
		id:    "DeleteExpired/None",
		text:  "DeleteExpired returns 0 where nothing has expired, in an empty store too.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			t.deleteExpired(base, 10, 0)
			token := newToken("alice", base)
			t.create(token)
			t.deleteExpired(after(1), 10, 0)
			t.holds(token)
		},
	},
	{
		id:    "DeleteExpired/LargestMax",
		text:  "max is any int from 1: the largest bounds nothing.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			t.create(newTokens("alice", base, 3)...)
			t.deleteExpired(after(100).Add(lifetime), math.MaxInt, 3)
		},
	},
	{
		id:    "DeleteExpired/NativeTTL",
		text:  "A store whose records go by themselves does nothing and returns 0.",
		needs: []ability{needsTTL},
		check: func(t *trial) {
			expired, live := newToken("alice", base), newToken("alice", after(100))
			t.create(expired, live)
			t.deleteExpired(after(101).Add(lifetime-100*time.Hour), 10, 0)
			t.holds(live)
			t.holdsDead(expired)
		},
	},
}

var expiryRules = []rule{
	{
		id:    "DeleteExpired/MovedLater",
		text:  "A record whose expiry an exchange moved later is not deleted by its old expiry.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			token := newToken("alice", base)
			old := token.ExpiresAt
			t.create(token)
			x := next(token, after(1))
			x.ExpiresAt = old.Add(100 * time.Hour)
			token = t.exchange(x)
			t.deleteExpired(old.Add(time.Hour), 10, 0)
			t.holds(token)
			t.deleteExpired(x.ExpiresAt.Add(time.Hour), 10, 1)
			t.lacks(token.ID)
		},
	},
	{
		id:    "DeleteExpired/MovedEarlier",
		text:  "A record whose expiry an exchange moved earlier is deleted by its new expiry.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			x := next(token, after(1))
			x.ExpiresAt = after(2)
			t.exchange(x)
			t.deleteExpired(after(3), 10, 1)
			t.lacks(token.ID)
			t.deleteExpired(after(4).Add(lifetime), 10, 0)
		},
	},
	{
		id:    "DeleteExpired/MovedOrder",
		text:  "The order of deletion is that of the present expiries.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			t.create(tokens...)
			x := next(tokens[0], after(5))
			x.ExpiresAt = tokens[2].ExpiresAt.Add(time.Hour)
			tokens[0] = t.exchange(x)
			before := x.ExpiresAt.Add(time.Hour)
			t.deleteExpired(before, 1, 1)
			t.holds(tokens[0], tokens[2])
			t.deleteExpired(before, 1, 1)
			t.holds(tokens[0])
			t.deleteExpired(before, 1, 1)
			t.lacks(tokens[0].ID)
		},
	},
	{
		id:    "DeleteExpired/EqualExpiries",
		text:  "Records that expire at the same moment are deleted one by one like others.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			for _, user := range []string{"alice", "alice", "bob", "bob"} {
				t.create(newToken(user, base))
			}
			before := base.Add(lifetime + time.Hour)
			t.deleteExpired(before, 1, 1)
			t.deleteExpired(before, 2, 2)
			t.deleteExpired(before, 10, 1)
			t.lists("alice", base)
			t.lists("bob", base)
		},
	},
	{
		id:    "DeleteExpired/Millisecond",
		text:  "Expiries a millisecond apart are told apart.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			var tokens []core.Record
			for i := range 4 {
				token := newToken("alice", base)
				token.ExpiresAt = after(10).Add(time.Duration(i) * time.Millisecond)
				tokens = append(tokens, token)
			}
			t.create(tokens...)
			t.deleteExpired(after(10).Add(2*time.Millisecond), 10, 2)
			t.lacks(tokens[0].ID, tokens[1].ID)
			t.holds(tokens[2:]...)
		},
	},
	{
		id:    "ListUser/AnyMoment",
		text:  "A store asks no clock and keeps no latest time: a record that was expired at one moment is live at an earlier one.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.lists("alice", token.ExpiresAt.Add(time.Hour))
			t.lists("alice", after(1), token)
			t.holds(t.exchange(next(token, after(1))))
		},
	},
}
