package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var revokeRules = []rule{
	{
		id:   "Revoke/Sets",
		text: "Revoke sets RevokedAt, leaves the rest of the record, and returns the record as it stands then; it is no longer live.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			record = t.exchange(next(record, after(1)))
			t.revokes(core.Revocation{ID: record.ID, At: after(2)}, record)
			t.holds(revokedAt(record, after(2)))
			t.lists("alice", after(2))
		},
	},
	{
		id:   "Revoke/KeepsFirst",
		text: "A record that is revoked already is neither returned nor changed, whether the new moment is later or earlier.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.revokes(core.Revocation{ID: record.ID, At: after(5)}, record)
			for _, hours := range []int{9, 1, 5} {
				t.revokes(core.Revocation{ID: record.ID, At: after(hours)})
				t.revokesUser("alice", after(hours))
				t.holds(revokedAt(record, after(5)))
			}
		},
	},
	{
		id:   "Revoke/OneRecord",
		text: "A revocation with an ID is about that record and no other of the user.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			t.create(records...)
			t.revoke(records[1].ID, after(4))
			t.holds(records[0], revokedAt(records[1], after(4)), records[2])
			t.lists("alice", after(4), records[2], records[0])
		},
	},
	{
		id:   "Revoke/Unknown",
		text: "A revocation of an unknown ID returns no record and no error, and makes no record.",
		check: func(t *trial) {
			known := newRecord("alice", base)
			t.create(known)
			id := core.NewRecordID("alice")
			t.revokes(core.Revocation{ID: id, At: base})
			t.revokes(core.Revocation{ID: id, UserID: "alice", At: base})
			t.lacks(id)
			t.holds(known)
		},
	},
	{
		id:   "Revoke/IDOfUser",
		text: "With an ID and a UserID the record must be that user's: another user's is neither returned nor changed.",
		check: func(t *trial) {
			alice, bob := newRecord(sameShard[0], base), newRecord(sameShard[1], base)
			t.create(alice, bob)
			t.revokes(core.Revocation{ID: alice.ID, UserID: bob.UserID, At: after(1)})
			t.revokes(core.Revocation{ID: alice.ID, UserID: "carol", At: after(1)})
			t.holds(alice, bob)
			t.revokes(core.Revocation{ID: alice.ID, UserID: alice.UserID, At: after(2)}, alice)
			t.holds(revokedAt(alice, after(2)), bob)
		},
	},
	{
		id:    "Revoke/Expired",
		text:  "An expired record that is not revoked is revoked and returned, by its ID and with the user's others.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			records[3].ExpiresAt = after(1000)
			t.create(records...)
			at := after(500)
			t.revokes(core.Revocation{ID: records[1].ID, At: at}, records[1])
			t.revokesUser("alice", at, records[3], records[2], records[0])
			t.holds(allRevokedAt(records, at)...)
		},
	},
	{
		id:   "Revoke/AnyMoment",
		text: "A revocation has any moment, before the login or long after, and selects by IssuedUntil alone.",
		check: func(t *trial) {
			for _, at := range []time.Time{base, base.Add(-time.Hour), after(100)} {
				user := "alice " + at.String()
				records := newRecords(user, base, 2)
				t.create(records...)
				t.revokes(core.Revocation{ID: records[0].ID, At: at}, records[0])
				t.revokesUser(user, at, records[1])
				t.holds(allRevokedAt(records, at)...)
			}
		},
	},
	{
		id:   "Revoke/User",
		text: "A revocation without an ID revokes and returns all records of the user that are not revoked.",
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			t.create(records...)
			records[1] = t.exchange(next(records[1], after(4)))
			t.revokesUser("alice", after(4), reversed(records...)...)
			t.holds(allRevokedAt(records, after(4))...)
			t.lists("alice", after(4))
		},
	},
	{
		id:   "Revoke/Many",
		text: "Revoke revokes and returns all records of the user, however many they are.",
		check: func(t *trial) {
			records := manyRecords()
			t.create(records...)
			t.revokesUser("alice", after(many), reversed(records...)...)
			t.keeps(allRevokedAt(records, after(many)))
			t.lists("alice", base)
			t.revokesUser("alice", after(many))
		},
	},
	{
		id:   "Revoke/Thousand",
		text: "Of more than a thousand records of one user ListUser returns all, and so does Revoke, the newest first: none is left.",
		check: func(t *trial) {
			records := t.createThousand(4 * time.Second)
			t.listsExactly("alice", after(1), reversed(records...)...)
			t.revokesUser("alice", after(1), reversed(records...)...)
			t.lists("alice", after(1))
			t.revokesUser("alice", after(2))
		},
	},
	{
		id:   "Revoke/None",
		text: "If the user has no record, or only revoked ones, Revoke returns none and no error.",
		check: func(t *trial) {
			t.revokesUser("alice", base)
			bob := newRecord("bob", base)
			t.create(bob)
			t.revokesUser("alice", after(1))
			t.holds(bob)
			t.revoke(bob.ID, after(2))
			t.revokesUser("bob", after(3))
			t.holds(revokedAt(bob, after(2)))
		},
	},
	{
		id:   "Revoke/RevokedBefore",
		text: "Of a user's records those revoked before are not returned and keep their RevokedAt, whatever its moment.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			t.create(records...)
			t.revoke(records[0].ID, after(3))
			t.revoke(records[2].ID, after(50))
			t.revokesUser("alice", after(4), records[1])
			t.holds(revokedAt(records[0], after(3)), revokedAt(records[1], after(4)), revokedAt(records[2], after(50)))
		},
	},
	{
		id:   "Revoke/Except",
		text: "The record that Except names is not selected; an Except of no record or of another user excepts nothing.",
		check: func(t *trial) {
			alice, bob, carol := newRecords("alice", base, 4), newRecords("bob", base, 2), newRecord("carol", base)
			t.create(append(append(alice, bob...), carol)...)
			t.revokes(core.Revocation{UserID: "alice", Except: alice[1].ID, At: after(5)}, alice[3], alice[2], alice[0])
			t.holds(alice[1])
			t.lists("alice", after(5), alice[1])
			t.revokes(core.Revocation{ID: alice[1].ID, Except: alice[1].ID, At: after(6)})
			t.holds(alice[1])
			t.revokes(core.Revocation{UserID: "bob", Except: core.NewRecordID("bob"), At: after(7)}, bob[1], bob[0])
			t.revokes(core.Revocation{UserID: "carol", Except: alice[1].ID, At: after(8)}, carol)
			t.holds(alice[1])
			more := newRecords("alice", after(9), 2)
			t.create(more...)
			t.revoke(alice[1].ID, after(12)) // an exception that is revoked itself
			t.revokes(core.Revocation{UserID: "alice", Except: alice[1].ID, At: after(13)}, more[1], more[0])
			t.holds(revokedAt(alice[1], after(12)))
		},
	},
	{
		id:   "Revoke/ExceptNear",
		text: "Except is compared whole: a record whose ID differs from it in one character is selected.",
		check: func(t *trial) {
			spared := newRecord("alice", base)
			shard := len(core.UserShard("alice"))
			records := []core.Record{spared}
			for i := shard; i < len(spared.ID); i++ {
				near := newRecord("alice", after(1+i))
				other := "a"
				if spared.ID[i] == 'a' {
					other = "b"
				}
				near.ID = spared.ID[:i] + other + spared.ID[i+1:]
				records = append(records, near)
			}
			t.create(records...)
			t.revokes(core.Revocation{UserID: "alice", Except: spared.ID, At: after(90)}, reversed(records[1:]...)...)
			t.holds(spared)
		},
	},
	{
		id:   "Revoke/IssuedUntil",
		text: "IssuedUntil selects what was issued at that moment or earlier, to the millisecond, by ID too.",
		check: func(t *trial) {
			before, same, later := newRecord("alice", after(4)), newRecord("alice", after(5)), newRecord("alice", after(5).Add(time.Millisecond))
			t.create(before, same, later)
			t.revokes(core.Revocation{ID: later.ID, IssuedUntil: after(5), At: after(9)})
			t.revokes(core.Revocation{UserID: "alice", IssuedUntil: after(5), At: after(9)}, same, before)
			t.holds(revokedAt(before, after(9)), revokedAt(same, after(9)), later)
			t.lists("alice", after(6), later)
			t.revokes(core.Revocation{ID: later.ID, IssuedUntil: later.IssuedAt, At: after(10)}, later)
		},
	},
	{
		id:   "Revoke/AllConditions",
		text: "A record is selected if all conditions of the revocation hold for it.",
		check: func(t *trial) {
			records := newRecords("alice", base, 5)
			bob := newRecord("bob", base)
			t.create(append(records, bob)...)
			t.revokes(core.Revocation{UserID: "alice", Except: records[1].ID, IssuedUntil: after(3), At: after(6)},
				records[3], records[2], records[0])
			t.holds(records[1], records[4], bob)
			t.revokes(core.Revocation{ID: records[1].ID, UserID: "bob", IssuedUntil: after(9), At: after(7)})
			t.revokes(core.Revocation{ID: records[1].ID, UserID: "alice", Except: records[4].ID, IssuedUntil: after(1), At: after(8)}, records[1])
			t.holds(revokedAt(records[1], after(8)), records[4], bob)
		},
	},
	{
		id:   "Revoke/NewestFirst",
		text: "Revoke returns the newest first by IssuedAt, in whatever order they were created.",
		check: func(t *trial) {
			records := newRecords("alice", base, 5)
			t.create(records[3], records[0], records[4], records[1], records[2])
			records[0] = t.exchange(next(records[0], after(7)))
			t.revokesUser("alice", after(8), reversed(records...)...)
		},
	},
	{
		id:   "Revoke/EqualTimes",
		text: "Revoke returns records issued at the same moment by ID, the highest first: letters before digits.",
		check: func(t *trial) {
			records := newRecordsAtOnce(base)
			t.create(records[3], records[0], records[6], records[5], records[1], records[4], records[2])
			t.revokesUser("alice", base, reversed(records...)...)
		},
	},
	{
		id:   "Revoke/ThenLogin",
		text: "Revoke ends what there is and not what comes: a later login is live and can be revoked in turn.",
		check: func(t *trial) {
			old, fresh := newRecord("alice", base), newRecord("alice", after(2))
			t.create(old)
			t.revokesUser("alice", after(1), old)
			t.create(fresh)
			t.lists("alice", after(3), fresh)
			t.revokesUser("alice", after(4), fresh)
			t.holds(revokedAt(old, after(1)), revokedAt(fresh, after(4)))
		},
	},
	{
		id:   "Revoke/Exchanged",
		text: "Revoke selects records that have been exchanged by their IssuedAt, and returns them as the exchange left them.",
		check: func(t *trial) {
			records := newRecords("alice", base, 2)
			t.create(records...)
			x := next(records[0], after(10))
			x.ExpiresAt = after(20)
			records[0] = t.exchange(x)
			t.revokes(core.Revocation{UserID: "alice", IssuedUntil: base, At: after(11)}, records[0])
			t.holds(revokedAt(records[0], after(11)), records[1])
			x = next(records[1], after(12))
			x.ExpiresAt = records[1].ExpiresAt.Add(100 * time.Hour)
			records[1] = t.exchange(x)
			t.revokesUser("alice", records[1].ExpiresAt.Add(-time.Hour), records[1])
		},
	},
	{
		id:   "Revoke/PerUser",
		text: "Revoke revokes no record of another user.",
		check: func(t *trial) {
			alice, bob := newRecords("alice", base, 2), newRecords("bob", base, 3)
			t.create(append(alice, bob...)...)
			t.revokesUser("alice", after(5), alice[1], alice[0])
			t.holds(bob...)
			t.lists("bob", after(5), reversed(bob...)...)
		},
	},
	{
		id:   "Revoke/ResultIsCopied",
		text: "The records that Revoke returns are copies, and so is the Data of each.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			t.create(records...)
			revoked := t.must(revokesUser("alice", after(3))).records
			t.ownData(revoked)
			for i := range revoked {
				revoked[i] = core.Record{}
			}
			t.holds(allRevokedAt(records, after(3))...)
		},
	},
}

// ownData writes to the Data of one record after the other, and appends to it, and wants
// that to change none of the others.
func (t *trial) ownData(rs []core.Record) {
	for i := range rs {
		want := copiedAll(rs[i+1:])
		clear(rs[i].Data)
		_ = append(rs[i].Data, "appended"...)
		t.wantRecords("after a write to the Data of another, the others are", want, rs[i+1:])
	}
}
