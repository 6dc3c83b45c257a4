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
		text: "IDs are compared whole: an ID that differs in its last character names another record.",
		check: func(t *trial) {
			record, near := newRecord("alice", base), newRecord("alice", after(1))
			last := "a"
			if strings.HasSuffix(record.ID, last) {
				last = "b"
			}
			near.ID = record.ID[:len(record.ID)-1] + last
			t.create(record)
			t.lacks(near.ID)
			t.create(near)
			t.holds(record, near)
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
		text: "Get returns an expired record as long as the store still has it.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.lists("alice", record.ExpiresAt.Add(time.Hour))
			t.holdsDead(record)
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
