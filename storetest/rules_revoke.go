package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var revokeRules = []rule{
	{
		id:   "Revoke/Sets",
		text: "Revoke sets RevokedAt, leaves the rest of the record, and the record is no longer live.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			token = t.exchange(next(token, after(1)))
			t.revoke(token.ID, after(2))
			t.holds(revokedAt(token, after(2)))
			t.lists("alice", after(2))
		},
	},
	{
		id:   "Revoke/KeepsFirst",
		text: "Revoke of a record that is revoked already returns nil and keeps its RevokedAt, be the new one later or earlier.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			for _, hours := range []int{5, 9, 1, 5} {
				t.revoke(token.ID, after(hours))
				t.holds(revokedAt(token, after(5)))
			}
		},
	},
	{
		id:   "Revoke/OneRecord",
		text: "Revoke revokes that record and no other of the user.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			t.create(tokens...)
			t.revoke(tokens[1].ID, after(4))
			t.holds(tokens[0], revokedAt(tokens[1], after(4)), tokens[2])
			t.lists("alice", after(4), tokens[2], tokens[0])
		},
	},
	{
		id:   "Revoke/Unknown",
		text: "Revoke of an unknown id is ErrNotFound and makes no record.",
		check: func(t *trial) {
			id := core.NewRecordID("alice")
			t.refused(call{method: revoke, id: id, at: base}, core.ErrNotFound)
			t.lacks(id)
		},
	},
	{
		id:   "Revoke/Expired",
		text: "An expired record can be revoked as long as the store still has it.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			at := token.ExpiresAt.Add(time.Hour)
			c := call{method: revoke, id: token.ID, at: at}
			if r := t.call(c); t.gone(r.err) {
				return
			} else if r.err != nil {
				t.fail("Revoke succeeds", r.format(revoke))
			}
			t.holdsDead(revokedAt(token, at))
		},
	},
	{
		id:   "Revoke/AnyMoment",
		text: "Revoke takes the moment that it is given, before the login or long after.",
		check: func(t *trial) {
			for _, at := range []time.Time{base, base.Add(-time.Hour), after(100)} {
				token := newToken("alice", base)
				t.create(token)
				t.revoke(token.ID, at)
				t.holds(revokedAt(token, at))
			}
		},
	},
}

var revokeUserRules = []rule{
	{
		id:   "RevokeUser/All",
		text: "RevokeUser revokes all live records of the user at that moment and returns how many they were.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 4)
			t.create(tokens...)
			t.revokeUser("alice", after(4), 4)
			t.holds(allRevokedAt(tokens, after(4))...)
			t.lists("alice", after(4))
		},
	},
	{
		id:   "RevokeUser/Many",
		text: "RevokeUser revokes all live records of the user, however many they are.",
		check: func(t *trial) {
			tokens := manyTokens("alice")
			t.create(tokens...)
			t.revokeUser("alice", after(many), many)
			t.holds(allRevokedAt(tokens, after(many))...)
		},
	},
	{
		id:   "RevokeUser/None",
		text: "RevokeUser returns 0 where the user has no live record, or no record at all.",
		check: func(t *trial) {
			t.revokeUser("alice", base, 0)
			bob := newToken("bob", base)
			t.create(bob)
			t.revokeUser("alice", after(1), 0)
			t.holds(bob)
		},
	},
	{
		id:   "RevokeUser/Again",
		text: "RevokeUser is idempotent: called again it returns 0 and moves no RevokedAt.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 2)
			t.create(tokens...)
			t.revokeUser("alice", after(4), 2)
			t.revokeUser("alice", after(5), 0)
			t.revokeUser("alice", after(3), 0)
			t.holds(allRevokedAt(tokens, after(4))...)
		},
	},
	{
		id:   "RevokeUser/RevokedBefore",
		text: "Records revoked before are not counted and keep their RevokedAt, whenever that is dated.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			t.create(tokens...)
			t.revoke(tokens[0].ID, after(3))
			t.revoke(tokens[2].ID, after(50))
			t.revokeUser("alice", after(4), 1)
			t.holds(revokedAt(tokens[0], after(3)), revokedAt(tokens[1], after(4)), revokedAt(tokens[2], after(50)))
		},
	},
	{
		id:   "RevokeUser/Expired",
		text: "Records expired at that moment are neither counted nor revoked; one with ExpiresAt equal to it is expired.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			tokens[0].ExpiresAt = after(5)
			tokens[1].ExpiresAt = after(10)
			tokens[2].ExpiresAt = after(10).Add(time.Millisecond)
			t.create(tokens...)
			t.revokeUser("alice", after(10), 1)
			t.holdsDead(tokens[:2]...)
			t.holds(revokedAt(tokens[2], after(10)))
		},
	},
	{
		id:   "RevokeUser/SparesLater",
		text: "Records issued later than that moment survive and are not counted; one issued at that very moment is revoked.",
		check: func(t *trial) {
			before, same, later := newToken("alice", after(4)), newToken("alice", after(5)), newToken("alice", after(5).Add(time.Millisecond))
			t.create(before, same, later)
			t.revokeUser("alice", after(5), 2)
			t.holds(revokedAt(before, after(5)), revokedAt(same, after(5)), later)
			t.lists("alice", after(6), later)
		},
	},
	{
		id:   "RevokeUser/ThenLogin",
		text: "RevokeUser ends what there is and not what comes: a later login is live and can be revoked in turn.",
		check: func(t *trial) {
			old, fresh := newToken("alice", base), newToken("alice", after(2))
			t.create(old)
			t.revokeUser("alice", after(1), 1)
			t.create(fresh)
			t.lists("alice", after(3), fresh)
			t.revokeUser("alice", after(4), 1)
			t.holds(revokedAt(old, after(1)), revokedAt(fresh, after(4)))
		},
	},
	{
		id:   "RevokeUser/Exchanged",
		text: "RevokeUser finds records that have been exchanged, by their IssuedAt and their present ExpiresAt.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 2)
			t.create(tokens...)
			x := next(tokens[0], after(10))
			x.ExpiresAt = tokens[0].ExpiresAt.Add(100 * time.Hour)
			tokens[0] = t.exchange(x)
			at := base.Add(lifetime + 50*time.Hour)
			t.revokeUser("alice", at, 1)
			t.holds(revokedAt(tokens[0], at))
			t.holdsDead(tokens[1])

			token := newToken("bob", base)
			t.create(token)
			token = t.exchange(next(token, after(5))) // by a clock that is ahead
			t.revokeUser("bob", after(1), 1)
			t.holds(revokedAt(token, after(1)))
		},
	},
	{
		id:   "RevokeUser/PerUser",
		text: "RevokeUser revokes no record of another user.",
		check: func(t *trial) {
			alice, bob := newTokens("alice", base, 2), newTokens("bob", base, 3)
			t.create(append(alice, bob...)...)
			t.revokeUser("alice", after(5), 2)
			t.holds(bob...)
			t.lists("bob", after(5), reversed(bob...)...)
		},
	},
}
