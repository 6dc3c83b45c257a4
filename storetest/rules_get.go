package storetest

import (
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var getRules = []rule{
	{
		id:   "Get/Unknown",
		text: "Get of an unknown ID is ErrNotFound, in an empty store and among other records.",
		check: func(t *trial) {
			t.lacks(core.NewRecordID("alice"))
			record := newRecord("alice", base)
			t.create(record)
			t.lacks(core.NewRecordID("alice"), core.NewRecordID("bob"))
			t.holds(record)
		},
	},
	{
		id:   "Get/NearID",
		text: "IDs are compared whole: an ID that differs in its shard, or in one of its characters, names another record.",
		check: func(t *trial) {
			record, near := newRecord("alice", base), newRecord("alice", after(1))
			last := len(record.ID) - 1
			near.ID = record.ID[:last] + otherDigit(record.ID[last])
			t.create(record)
			t.lacks(near.ID)
			t.create(near)
			t.holds(record, near)
			for i := range record.ID {
				if other := record.ID[:i] + otherDigit(record.ID[i]) + record.ID[i+1:]; other != near.ID {
					t.lacks(other)
				}
			}
			bob := newRecord("bob", after(2))
			bob.ID = core.UserShard("bob") + strings.TrimPrefix(record.ID, core.IDShard(record.ID))
			t.lacks(bob.ID)
			t.create(bob)
			t.holds(record, near, bob)
			t.revoke(bob.ID, after(3))
			t.holds(record, near, revokedAt(bob, after(3)))
		},
	},
	{
		id:   "Get/Revoked",
		text: "A revoked record stays readable until its ExpiresAt.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.revoke(record.ID, after(1))
			t.lists("alice", record.ExpiresAt.Add(-time.Millisecond))
			t.create(newRecord("alice", after(2)))
			t.holds(revokedAt(record, after(1)))
		},
	},
	{
		id:   "Get/Expired",
		text: "Get returns an expired record, revoked or not, exact as long as the store still has it.",
		check: func(t *trial) {
			record, revoked := newRecord("alice", base), newRecord("alice", base)
			t.create(record, revoked)
			t.revoke(revoked.ID, after(1))
			t.lists("alice", record.ExpiresAt.Add(time.Hour))
			t.holdsDead(record, revokedAt(revoked, after(1)))
			t.create(newRecord("alice", record.ExpiresAt.Add(2*time.Hour)))
			t.holdsDead(record, revokedAt(revoked, after(1)))
		},
	},
	{
		id:   "Get/ResultIsCopied",
		text: "Get hands out a copy: what the caller writes to its Data changes nothing in the store.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			first, second := t.get(record.ID), t.get(record.ID)
			clear(first.Data)
			t.wantRecord("another result of Get", record, second)
			t.holds(record)
		},
	},
}

// otherDigit returns a character of IDs that is not this one.
func otherDigit(c byte) string {
	if c == 'a' {
		return "b"
	}
	return "a"
}
