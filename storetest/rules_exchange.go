package storetest

import (
	"bytes"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var exchangeRules = []rule{
	{
		id:   "Exchange/Moves",
		text: "From exactly (Generation, From) an exchange sets Generation+1, AccessRef, PreviousRef, ExchangedAt and ExpiresAt, leaves the rest, and returns the record as it then stands.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			x := next(record, after(1))
			x.ExpiresAt = after(100)
			t.moves(record, x)
		},
	},
	{
		id:   "Exchange/Chain",
		text: "Exchanges follow each other, each from where the last one left the record.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			for i := range 5 {
				record = t.moves(record, next(record, after(i+1)))
			}
		},
	},
	{
		id:   "Exchange/ExpiryMoves",
		text: "An exchange moves ExpiresAt later or earlier, and from then on that is the expiry.",
		check: func(t *trial) {
			earlier, later := newRecord("alice", base), newRecord("bob", base)
			t.create(earlier, later)
			x := next(earlier, after(1))
			x.ExpiresAt = after(2)
			earlier = t.exchange(x)
			t.lists("alice", after(3))
			t.conflicts(earlier, next(earlier, after(3)))

			x = next(later, after(1))
			x.ExpiresAt = later.ExpiresAt.Add(48 * time.Hour)
			old := later.ExpiresAt
			later = t.exchange(x)
			t.lists("bob", old.Add(time.Hour), later)
			t.exchange(next(later, old.Add(time.Hour)))
		},
	},
	{
		id:   "Exchange/LastMoment",
		text: "A record is live until the last millisecond before its ExpiresAt.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			x := next(record, record.ExpiresAt.Add(-time.Millisecond))
			x.ExpiresAt = record.ExpiresAt.Add(time.Hour)
			t.moves(record, x)
		},
	},
	{
		id:   "Exchange/RecordBehind",
		text: "A record at a lower generation has forgotten exchanges: the exchange goes ahead from x.Generation, and From does not matter.",
		check: func(t *trial) {
			for i, from := range []func(core.Record) core.Ref{
				func(core.Record) core.Ref { return newRef() },
				func(t core.Record) core.Ref { return t.AccessRef },
			} {
				record := newRecord("alice", base)
				t.create(record)
				record = t.exchange(next(record, after(1)))
				x := next(record, after(2))
				x.Generation += int64(1 + 4*i)
				x.From = from(record)
				record = t.moves(record, x)
				t.listsExactly("alice", after(2), record)
				t.endsUser("alice", after(3))
			}
		},
	},
	{
		id:   "Exchange/LargestGeneration",
		text: "Generations are exact up to the largest, 2^53-1.",
		check: func(t *trial) {
			const largest = 1<<53 - 1
			record := newRecord("alice", base)
			t.create(record)
			x := next(record, after(1))
			x.Generation = largest - 2
			record = t.moves(record, x)
			x = next(record, after(2))
			x.Generation = largest - 3
			t.conflicts(record, x)
			t.moves(record, next(record, after(2))) // to the largest
		},
	},
	{
		id:   "Exchange/EarlierClock",
		text: "Only x.At and ExpiresAt decide what is live: an exchange by a clock behind the login's and the last exchange's goes through.",
		check: func(t *trial) {
			record := newRecord("alice", after(5))
			t.create(record)
			record = t.exchange(next(record, after(10)))
			record = t.moves(record, next(record, after(1)))
			x := next(record, after(2))
			x.ExpiresAt = after(3) // before the login
			t.moves(record, x)
		},
	},
	{
		id:   "Exchange/OneRecord",
		text: "An exchange changes no other record, of the same user or of another.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			other := newRecord("bob", base)
			t.create(append(records, other)...)
			records[1] = t.exchange(next(records[1], after(4)))
			t.holds(append(records, other)...)
		},
	},
	{
		id:   "Exchange/ResultIsCopied",
		text: "The record that Exchange returns, with success or with ErrConflict, is a copy.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			x := next(record, after(1))
			for range 2 { // success, then a conflict
				first, second := t.call(call{method: exchange, exchange: x}).record, t.get(record.ID)
				clear(first.Data)
				if got := second.Data; !t.failed() && !bytes.Equal(got, record.Data) {
					t.fail("Data that Get returned before is "+formatText(string(record.Data)), formatText(string(got)))
				}
				if got := t.get(record.ID).Data; !t.failed() && !bytes.Equal(got, record.Data) {
					t.fail("Data is "+formatText(string(record.Data)), formatText(string(got)))
				}
			}
		},
	},
	{
		id:   "Exchange/OtherReference",
		text: "At the record's generation, an exchange from another reference is ErrConflict with the record as it stands, and nothing changes.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			record = t.exchange(next(record, after(1)))
			others := []core.Ref{newRef(), record.PreviousRef}
			for i := range record.AccessRef { // those that differ in one byte
				near := record.AccessRef
				near[i] ^= 1
				others = append(others, near)
			}
			for _, from := range others {
				x := next(record, after(2))
				x.From = from
				t.conflicts(record, x)
				t.holds(record)
			}
		},
	},
	{
		id:   "Exchange/RecordAhead",
		text: "A record at a higher generation makes the exchange ErrConflict with the record as it stands, whatever From is, and nothing changes.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			for i := range 3 {
				record = t.exchange(next(record, after(i+1)))
			}
			for _, from := range []core.Ref{record.AccessRef, record.PreviousRef, newRef()} {
				for generation := range record.Generation {
					x := next(record, after(5))
					x.Generation, x.From = generation, from
					t.conflicts(record, x)
					t.holds(record)
				}
			}
		},
	},
	{
		id:   "Exchange/Repeated",
		text: "The same exchange again is ErrConflict with the record as the first left it: PreviousRef and ExchangedAt tell that it was a retry.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			x := next(record, after(1))
			record = t.exchange(x)
			t.conflicts(record, x)
			x.At = after(2)
			t.conflicts(record, x)
			t.holds(record)
		},
	},
	{
		id:   "Exchange/Revoked",
		text: "An exchange of a revoked record is ErrConflict with the record as it stands, and nothing changes; it counts as revoked whenever the revocation is dated.",
		check: func(t *trial) {
			for _, at := range []time.Time{after(1), after(50)} {
				record := newRecord("alice", base)
				t.create(record)
				t.revoke(record.ID, at)
				record = revokedAt(record, at)
				t.conflicts(record, next(record, after(2)))
				t.holds(record)
			}
		},
	},
	{
		id:   "Exchange/Expired",
		text: "An exchange at the record's ExpiresAt or later is ErrConflict with the record as it stands, and nothing changes.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			for _, late := range []time.Duration{0, time.Millisecond, time.Hour} {
				x := next(record, record.ExpiresAt.Add(late))
				x.ExpiresAt = record.ExpiresAt.Add(lifetime)
				t.conflicts(record, x)
				t.holdsDead(record)
			}
		},
	},
	{
		id:   "Exchange/BehindAndDead",
		text: "A dead record at a lower generation stays dead: ErrConflict, and nothing changes.",
		check: func(t *trial) {
			revoked, expired := newRecord("alice", base), newRecord("alice", base)
			t.create(revoked, expired)
			t.revoke(revoked.ID, after(1))
			revoked = revokedAt(revoked, after(1))
			for _, dead := range []core.Record{revoked, expired} {
				x := next(dead, after(2))
				if dead.RevokedAt.IsZero() {
					x.At = dead.ExpiresAt.Add(time.Hour)
				}
				x.Generation += 3
				x.ExpiresAt = x.At.Add(lifetime)
				t.conflicts(dead, x)
				t.holdsDead(dead)
			}
		},
	},
	{
		id:   "Exchange/Unknown",
		text: "An exchange of an unknown ID is ErrNotFound and makes no record, whatever its generation.",
		check: func(t *trial) {
			for _, generation := range []int64{0, 5} {
				x := next(newRecord("alice", base), base)
				x.Generation = generation
				t.refused(call{method: exchange, exchange: x}, core.ErrNotFound)
				t.lacks(x.ID)
			}
			t.lists("alice", base)
		},
	},
}
