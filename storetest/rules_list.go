package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var listRules = []rule{
	{
		id:   "ListUser/EveryField",
		text: "ListUser returns whole records, every field exact.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.listsExactly("alice", base, record)
			x := next(record, after(1))
			x.ExpiresAt = record.ExpiresAt.Add(time.Hour)
			record = t.exchange(x)
			t.listsExactly("alice", after(1), record)
		},
	},
	{
		id:   "ListUser/NewestFirst",
		text: "ListUser returns the newest first by IssuedAt, in whatever order they were created.",
		check: func(t *trial) {
			records := newRecords("alice", base, 5)
			t.create(records[3], records[0], records[4], records[1], records[2])
			t.listsExactly("alice", after(5), reversed(records...)...)
		},
	},
	{
		id:   "ListUser/EqualTimes",
		text: "Records issued at the same moment are listed by ID, the highest first: letters before digits.",
		check: func(t *trial) {
			records := newRecordsAtOnce(base)
			t.create(records[3], records[0], records[6], records[5], records[1], records[4], records[2])
			t.listsExactly("alice", base, reversed(records...)...)
		},
	},
	{
		id:   "ListUser/MillisecondsApart",
		text: "Records issued a millisecond apart are listed in that order.",
		check: func(t *trial) {
			var records []core.Record
			for i := range 8 {
				records = append(records, newRecord("alice", base.Add(time.Duration(i)*time.Millisecond)))
			}
			t.create(records...)
			t.listsExactly("alice", after(1), reversed(records...)...)
		},
	},
	{
		id:   "ListUser/Many",
		text: "ListUser returns all live records, however many they are.",
		check: func(t *trial) {
			records := manyRecords()
			t.create(records...)
			t.listsExactly("alice", after(many), reversed(records...)...)
		},
	},
	{
		id:   "ListUser/None",
		text: "A user without live records has an empty list, and no error.",
		check: func(t *trial) {
			t.lists("alice", base)
			record := newRecord("alice", base)
			t.create(record)
			t.revoke(record.ID, after(1))
			t.lists("alice", after(1))
			t.lists("bob", after(1))
		},
	},
	{
		id:   "ListUser/Revoked",
		text: "A revoked record is not listed, whenever its revocation is dated.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			t.create(records...)
			t.revoke(records[0].ID, after(3))
			t.revoke(records[1].ID, after(50))
			t.lists("alice", after(4), records[2])
		},
	},
	{
		id:   "ListUser/Expired",
		text: "A record is listed up to the last millisecond before its ExpiresAt and no longer.",
		check: func(t *trial) {
			records := newRecords("alice", base, 2)
			t.create(records...)
			first := records[0].ExpiresAt
			t.lists("alice", first.Add(-time.Millisecond), records[1], records[0])
			t.lists("alice", first, records[1])
			t.lists("alice", records[1].ExpiresAt)
		},
	},
	{
		id:   "ListUser/EarlierClock",
		text: "The moment given decides alone: a record issued later than that is live too.",
		check: func(t *trial) {
			record := newRecord("alice", after(5))
			t.create(record)
			t.lists("alice", base, record)
		},
	},
	{
		id:   "ListUser/Exchanged",
		text: "An exchange leaves the order as it is.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			t.create(records...)
			records[0] = t.exchange(next(records[0], after(5)))
			t.listsExactly("alice", after(6), reversed(records...)...)
		},
	},
	{
		id:   "ListUser/PerUser",
		text: "ListUser returns no record of another user.",
		check: func(t *trial) {
			alice, bob := newRecords("alice", base, 2), newRecords("bob", base, 2)
			t.create(append(alice, bob...)...)
			t.lists("alice", after(2), reversed(alice...)...)
			t.lists("bob", after(2), reversed(bob...)...)
		},
	},
	{
		id:   "ListUser/ResultIsCopied",
		text: "The list and the Data in it are copies.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			listed := t.must(call{method: listUser, userID: "alice", at: base}).records
			again := t.must(call{method: listUser, userID: "alice", at: base}).records
			for i := range listed {
				clear(listed[i].Data)
				listed[i] = core.Record{}
			}
			t.wantRecords("another result of ListUser is", []core.Record{record}, again)
			t.listsExactly("alice", base, record)
			t.holds(record)
			t.create(newRecords("bob", base, 3)...) // with the same Data
			t.ownData(t.must(call{method: listUser, userID: "bob", at: base}).records)
		},
	},
	{
		id:    "ListUser/AnyMoment",
		text:  "A store asks no clock and keeps no latest time: a record that was expired at one moment is live at an earlier one.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.lists("alice", record.ExpiresAt.Add(time.Hour))
			t.lists("alice", after(1), record)
			t.holds(t.exchange(next(record, after(1))))
		},
	},
}

// many is more records than a store may take in one page or one statement.
const many = 260

// manyRecords returns the records of many logins of alice that are all live after the
// last.
func manyRecords() []core.Record {
	records := newRecords("alice", base, many)
	for i := range records {
		records[i].ExpiresAt = after(2 * many)
	}
	return records
}

// thousand is more than the pages and batches of a thousand or 1,024 that stores work in.
const thousand = 1_100

// createThousand stores the records of so many logins of alice, a second apart, and
// returns them, the oldest first. What takes longer than limit is left out, but at least many
// are stored.
func (t *trial) createThousand(limit time.Duration) []core.Record {
	records := make([]core.Record, thousand)
	for i := range records {
		records[i] = newRecord("alice", base.Add(time.Duration(i)*time.Second))
	}
	return t.createCrowd(records, many, limit)
}
