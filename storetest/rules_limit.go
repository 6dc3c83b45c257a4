package storetest

import (
	"math"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var limitRules = []rule{
	{
		id:   "Create/NoLimit",
		text: "A limit of zero or less sets no bound: nothing is revoked.",
		check: func(t *trial) {
			records := newRecords("alice", base, 5)
			for i, limit := range []int{0, -1, 0, math.MinInt, -5} {
				t.createLimited(records[i], limit)
			}
			t.holds(records...)
			t.lists("alice", after(5), reversed(records...)...)
		},
	},
	{
		id:   "Create/LimitOne",
		text: "With limit 1 a Create leaves its own record the user's only live one and revokes the others at r.IssuedAt.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			for _, record := range records {
				t.createLimited(record, 1)
			}
			t.lists("alice", after(3), records[2])
			t.holds(revokedAt(records[0], after(1)), revokedAt(records[1], after(2)), records[2])
		},
	},
	{
		id:   "Create/LimitOldestFirst",
		text: "Beyond the limit the oldest live records are revoked at r.IssuedAt, and only those.",
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			t.create(records[1], records[0], records[2])
			t.createLimited(records[3], 3)
			t.holds(revokedAt(records[0], after(3)))
			t.lists("alice", after(4), records[3], records[2], records[1])
		},
	},
	{
		id:   "Create/LimitNotReached",
		text: "At most limit records stay live, the new one included: exactly limit is not too many.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			t.create(records[:2]...)
			t.createLimited(records[2], 3)
			t.lists("alice", after(3), reversed(records...)...)
		},
	},
	{
		id:   "Create/LimitLowered",
		text: "A limit lower than before revokes as many as it takes.",
		check: func(t *trial) {
			records := newRecords("alice", base, 6)
			t.create(records[:5]...)
			t.createLimited(records[5], 2)
			t.holds(allRevokedAt(records[:4], after(5))...)
			t.lists("alice", after(6), records[5], records[4])
		},
	},
	{
		id:   "Create/LimitOfMany",
		text: "A limit is enforced however many records the user has.",
		check: func(t *trial) {
			records := manyRecords()
			t.create(records[:many-1]...)
			last := records[many-1]
			t.createLimited(last, 1)
			t.lists("alice", last.IssuedAt, last)
			t.keeps(allRevokedAt(records[:many-1], last.IssuedAt))
		},
	},
	{
		id:   "Create/LimitLarge",
		text: "A large limit is exact: beyond it one record is revoked, up to it none.",
		check: func(t *trial) {
			const limit = many - 10
			records := manyRecords()
			t.createAll(records[:limit])
			t.evicts(records[limit], limit+1)
			t.evicts(records[limit+1], limit+1, records[0])
			t.lists("alice", after(many), reversed(records[1:limit+2]...)...)
		},
	},
	{
		id:   "Create/LimitEqualTimes",
		text: "Among records issued at the same moment the one with the lowest ID is the oldest, digits before letters.",
		check: func(t *trial) {
			records := newRecordsAtOnce(base)
			t.create(records[3], records[0], records[6], records[5], records[1], records[4], records[2])
			last := newRecord("alice", after(1))
			t.createLimited(last, 5)
			t.holds(allRevokedAt(records[:3], after(1))...)
			t.lists("alice", after(1), append(records[3:], last)...)
		},
	},
	{
		id:   "Create/LimitIgnoresRevoked",
		text: "Revoked records don't count towards the limit and keep their RevokedAt.",
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			t.create(records[:3]...)
			t.revoke(records[1].ID, after(2))
			t.revoke(records[2].ID, after(50)) // by a clock that is ahead
			t.createLimited(records[3], 2)
			t.holds(records[0], revokedAt(records[1], after(2)), revokedAt(records[2], after(50)))
			t.lists("alice", after(4), records[3], records[0])
		},
	},
	{
		id:   "Create/LimitIgnoresExpired",
		text: "Records expired at r.IssuedAt don't count towards the limit and are not revoked; one with ExpiresAt equal to it is expired.",
		check: func(t *trial) {
			expired, atOnce, live := newRecord("alice", base), newRecord("alice", after(1)), newRecord("alice", after(2))
			login := newRecord("alice", after(10))
			expired.ExpiresAt = after(5)
			atOnce.ExpiresAt = login.IssuedAt
			live.ExpiresAt = login.IssuedAt.Add(time.Millisecond)
			t.create(expired, atOnce, live)
			t.createLimited(login, 2)
			t.holds(live, login)
			t.holdsDead(expired, atOnce)
			last := newRecord("alice", login.IssuedAt)
			t.createLimited(last, 1)
			t.holds(revokedAt(live, login.IssuedAt), revokedAt(login, login.IssuedAt), last)
			t.holdsDead(expired, atOnce)
		},
	},
	{
		id:   "Create/LimitSparesNew",
		text: "Create never revokes the record that it stores, even if others were issued later by another clock.",
		check: func(t *trial) {
			ahead := newRecords("alice", after(10), 2)
			t.create(ahead...)
			late := newRecord("alice", base)
			t.createLimited(late, 2)
			t.holds(late, revokedAt(ahead[0], base), ahead[1])
			t.lists("alice", after(12), ahead[1], late)
		},
	},
	{
		id:   "Create/LimitByLogin",
		text: "The oldest is the one issued first, whenever it was exchanged and whenever it expires.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			records[0].ExpiresAt = after(500)
			t.create(records[:2]...)
			x := next(records[0], after(2))
			x.ExpiresAt = after(600)
			oldest := t.exchange(x)
			t.createLimited(records[2], 2)
			t.holds(revokedAt(oldest, after(2)))
			t.lists("alice", after(3), records[2], records[1])
		},
	},
	{
		id:   "Create/LimitPerUser",
		text: "A limit counts and revokes the user's own records, not those of others.",
		check: func(t *trial) {
			bob := newRecords("bob", base, 3)
			t.create(bob...)
			alice := newRecords("alice", after(1), 2)
			t.createLimited(alice[0], 2)
			t.createLimited(alice[1], 2)
			t.lists("alice", after(3), alice[1], alice[0])
			t.lists("bob", after(3), reversed(bob...)...)
		},
	},
	{
		id:   "Create/LargestLimit",
		text: "A limit is any int: one beyond 32 bits, or the largest, bounds nothing.",
		check: func(t *trial) {
			limits := largeInts()
			records := newRecords("alice", base, 2*len(limits))
			for i, record := range records {
				t.createLimited(record, limits[i/2])
			}
			t.lists("alice", after(len(records)), reversed(records...)...)
		},
	},
	{
		id:   "Create/Evicted",
		text: "Create returns exactly the records that it revoked, as they stand now, the newest first, and never its own.",
		check: func(t *trial) {
			records := newRecords("alice", base, 6)
			t.create(records[2], records[0], records[3], records[1])
			records[1] = t.exchange(next(records[1], after(4)))
			t.revoke(records[2].ID, after(4))
			t.evicts(records[4], 2, records[1], records[0])
			t.evicts(records[5], 1, records[4], records[3])
			late := newRecord("alice", base.Add(-time.Hour))
			t.evicts(late, 1, records[5])
		},
	},
	{
		id:   "Create/EvictedNone",
		text: "A Create without a limit, or at one that is not reached, returns no records.",
		check: func(t *trial) {
			records := newRecords("alice", base, 6)
			for i, limit := range []int{0, -1, 3, 4, math.MaxInt, 6} {
				t.evicts(records[i], limit)
			}
			t.evicts(newRecord("bob", after(6)), 1)
			t.lists("alice", after(6), reversed(records...)...)
		},
	},
	{
		id:   "Create/EvictedMany",
		text: "Create returns all records that it revoked, however many they are.",
		check: func(t *trial) {
			records := manyRecords()
			t.create(records[:many-1]...)
			t.evicts(records[many-1], 1, reversed(records[:many-1]...)...)
		},
	},
	{
		id:   "Create/EvictedThousand",
		text: "Create revokes and returns more than a thousand records where the limit says so, the newest first.",
		check: func(t *trial) {
			records := t.createThousand(time.Second / 2)
			last := newRecord("alice", base.Add(time.Hour))
			t.evicts(last, 2, reversed(records[:len(records)-1]...)...)
			t.lists("alice", last.IssuedAt, records[len(records)-1], last)
		},
	},
	{
		id:   "Create/EvictedEqualTimes",
		text: "Create returns records issued at the same moment by ID, the highest first: letters before digits.",
		check: func(t *trial) {
			records := newRecordsAtOnce(base)
			t.create(records[3], records[0], records[6], records[5], records[1], records[4], records[2])
			t.evicts(newRecord("alice", after(1)), 3, reversed(records[:5]...)...)
		},
	},
	{
		id:   "Create/EvictedIsCopied",
		text: "The records that Create returns are copies, and so is the Data of each.",
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			t.create(records[:3]...)
			evicted := t.must(call{method: create, record: records[3], limit: 1}).records
			t.ownData(evicted)
			for i := range evicted {
				evicted[i] = core.Record{}
			}
			t.holds(allRevokedAt(records[:3], after(3))...)
		},
	},
}
