package storetest

import (
	"math"
	"time"
)

var limitRules = []rule{
	{
		id:   "Create/NoLimit",
		text: "A limit of zero or less sets no bound: nothing is revoked.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 5)
			for i, limit := range []int{0, -1, 0, math.MinInt, -5} {
				t.createLimited(tokens[i], limit)
			}
			t.holds(tokens...)
			t.lists("alice", after(5), reversed(tokens...)...)
		},
	},
	{
		id:   "Create/LimitOne",
		text: "With limit 1 a Create leaves its own record the user's only live one and revokes the others at t.IssuedAt.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			for _, token := range tokens {
				t.createLimited(token, 1)
			}
			t.lists("alice", after(3), tokens[2])
			t.holds(revokedAt(tokens[0], after(1)), revokedAt(tokens[1], after(2)), tokens[2])
		},
	},
	{
		id:   "Create/LimitOldestFirst",
		text: "Beyond the limit the oldest live records are revoked at t.IssuedAt, and only those.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 4)
			t.create(tokens[1], tokens[0], tokens[2])
			t.createLimited(tokens[3], 3)
			t.holds(revokedAt(tokens[0], after(3)))
			t.lists("alice", after(4), tokens[3], tokens[2], tokens[1])
		},
	},
	{
		id:   "Create/LimitNotReached",
		text: "At most limit records stay live, the new one included: exactly limit is not too many.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			t.create(tokens[:2]...)
			t.createLimited(tokens[2], 3)
			t.lists("alice", after(3), reversed(tokens...)...)
		},
	},
	{
		id:   "Create/LimitLowered",
		text: "A limit lower than before revokes as many as it takes.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 6)
			t.create(tokens[:5]...)
			t.createLimited(tokens[5], 2)
			t.holds(allRevokedAt(tokens[:4], after(5))...)
			t.lists("alice", after(6), tokens[5], tokens[4])
		},
	},
	{
		id:   "Create/LimitOfMany",
		text: "A limit is enforced however many records the user has.",
		check: func(t *trial) {
			tokens := manyTokens("alice")
			t.create(tokens[:many-1]...)
			last := tokens[many-1]
			t.createLimited(last, 1)
			t.lists("alice", last.IssuedAt, last)
			t.holds(allRevokedAt(tokens[:many-1], last.IssuedAt)...)
		},
	},
	{
		id:   "Create/LimitEqualTimes",
		text: "Among records issued at the same moment the one with the lowest id is the oldest, digits before letters.",
		check: func(t *trial) {
			tokens := newTokensAtOnce("alice", base)
			t.create(tokens[3], tokens[0], tokens[6], tokens[5], tokens[1], tokens[4], tokens[2])
			last := newToken("alice", after(1))
			t.createLimited(last, 5)
			t.holds(allRevokedAt(tokens[:3], after(1))...)
			t.lists("alice", after(1), append(tokens[3:], last)...)
		},
	},
	{
		id:   "Create/LimitIgnoresRevoked",
		text: "Revoked records don't count towards the limit and keep their RevokedAt.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 4)
			t.create(tokens[:3]...)
			t.revoke(tokens[1].ID, after(2))
			t.revoke(tokens[2].ID, after(50)) // by a clock that is ahead
			t.createLimited(tokens[3], 2)
			t.holds(tokens[0], revokedAt(tokens[1], after(2)), revokedAt(tokens[2], after(50)))
			t.lists("alice", after(4), tokens[3], tokens[0])
		},
	},
	{
		id:   "Create/LimitIgnoresExpired",
		text: "Records expired at t.IssuedAt don't count towards the limit and are not revoked; one with ExpiresAt equal to it is expired.",
		check: func(t *trial) {
			expired, atOnce, live := newToken("alice", base), newToken("alice", after(1)), newToken("alice", after(2))
			login := newToken("alice", after(10))
			expired.ExpiresAt = after(5)
			atOnce.ExpiresAt = login.IssuedAt
			live.ExpiresAt = login.IssuedAt.Add(time.Millisecond)
			t.create(expired, atOnce, live)
			t.createLimited(login, 2)
			t.holds(live, login)
			t.holdsDead(expired, atOnce)
			last := newToken("alice", login.IssuedAt)
			t.createLimited(last, 1)
			t.holds(revokedAt(live, login.IssuedAt), revokedAt(login, login.IssuedAt), last)
			t.holdsDead(expired, atOnce)
		},
	},
	{
		id:   "Create/LimitSparesNew",
		text: "Create never revokes the record that it stores, even if others were issued later by another clock.",
		check: func(t *trial) {
			ahead := newTokens("alice", after(10), 2)
			t.create(ahead...)
			late := newToken("alice", base)
			t.createLimited(late, 2)
			t.holds(late, revokedAt(ahead[0], base), ahead[1])
			t.lists("alice", after(12), ahead[1], late)
		},
	},
	{
		id:   "Create/LimitByLogin",
		text: "The oldest is the one issued first, whenever it was exchanged and whenever it expires.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			tokens[0].ExpiresAt = after(500)
			t.create(tokens[:2]...)
			x := next(tokens[0], after(2))
			x.ExpiresAt = after(600)
			oldest := t.exchange(x)
			t.createLimited(tokens[2], 2)
			t.holds(revokedAt(oldest, after(2)))
			t.lists("alice", after(3), tokens[2], tokens[1])
		},
	},
	{
		id:   "Create/LimitPerUser",
		text: "A limit counts and revokes the user's own records, not those of others.",
		check: func(t *trial) {
			bob := newTokens("bob", base, 3)
			t.create(bob...)
			alice := newTokens("alice", after(1), 2)
			t.createLimited(alice[0], 2)
			t.createLimited(alice[1], 2)
			t.lists("alice", after(3), alice[1], alice[0])
			t.lists("bob", after(3), reversed(bob...)...)
		},
	},
	{
		id:   "Create/LargestLimit",
		text: "A limit is any int: the largest bounds nothing.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			for _, token := range tokens {
				t.createLimited(token, math.MaxInt)
			}
			t.lists("alice", after(3), reversed(tokens...)...)
		},
	},
}
