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
			token := newToken("alice", base)
			t.create(token)
			x := next(token, after(1))
			x.ExpiresAt = after(100)
			t.moves(token, x)
		},
	},
	{
		id:   "Exchange/Chain",
		text: "Exchanges follow each other, each from where the last one left the record.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			for i := range 5 {
				token = t.moves(token, next(token, after(i+1)))
			}
		},
	},
	{
		id:   "Exchange/ExpiryMoves",
		text: "An exchange moves ExpiresAt later or earlier, and from then on that is the expiry.",
		check: func(t *trial) {
			earlier, later := newToken("alice", base), newToken("bob", base)
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
			token := newToken("alice", base)
			t.create(token)
			x := next(token, token.ExpiresAt.Add(-time.Millisecond))
			x.ExpiresAt = token.ExpiresAt.Add(time.Hour)
			t.moves(token, x)
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
				token := newToken("alice", base)
				t.create(token)
				token = t.exchange(next(token, after(1)))
				x := next(token, after(2))
				x.Generation += int64(1 + 4*i)
				x.From = from(token)
				t.moves(token, x)
			}
		},
	},
	{
		id:   "Exchange/LargestGeneration",
		text: "Generations are exact up to the largest, 2^53-1.",
		check: func(t *trial) {
			const largest = 1<<53 - 1
			token := newToken("alice", base)
			t.create(token)
			x := next(token, after(1))
			x.Generation = largest - 2
			token = t.moves(token, x)
			x = next(token, after(2))
			x.Generation = largest - 3
			t.conflicts(token, x)
			t.moves(token, next(token, after(2))) // to the largest
		},
	},
	{
		id:   "Exchange/EarlierClock",
		text: "Only x.At and ExpiresAt decide what is live: an exchange by a clock behind the login's and the last exchange's goes through.",
		check: func(t *trial) {
			token := newToken("alice", after(5))
			t.create(token)
			token = t.exchange(next(token, after(10)))
			t.moves(token, next(token, after(1)))
		},
	},
	{
		id:   "Exchange/OneRecord",
		text: "An exchange changes no other record, of the same user or of another.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			other := newToken("bob", base)
			t.create(append(tokens, other)...)
			tokens[1] = t.exchange(next(tokens[1], after(4)))
			t.holds(append(tokens, other)...)
		},
	},
	{
		id:   "Exchange/ResultIsCopied",
		text: "The record that Exchange returns, with success or with ErrConflict, is a copy.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			x := next(token, after(1))
			for range 2 { // success, then a conflict
				clear(t.call(call{method: exchange, exchange: x}).token.Data)
				if got := t.get(token.ID).Data; !t.failed() && !bytes.Equal(got, token.Data) {
					t.fail("Data is "+formatText(string(token.Data)), formatText(string(got)))
				}
			}
		},
	},
}

var refusalRules = []rule{
	{
		id:   "Exchange/OtherReference",
		text: "At the record's generation, an exchange from another reference is ErrConflict with the record as it stands, and nothing changes.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			token = t.exchange(next(token, after(1)))
			for _, from := range []core.Ref{newRef(), token.PreviousRef} {
				x := next(token, after(2))
				x.From = from
				t.conflicts(token, x)
				t.holds(token)
			}
		},
	},
	{
		id:   "Exchange/RecordAhead",
		text: "A record at a higher generation makes the exchange ErrConflict with the record as it stands, whatever From is, and nothing changes.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			for i := range 3 {
				token = t.exchange(next(token, after(i+1)))
			}
			for _, from := range []core.Ref{token.AccessRef, token.PreviousRef, newRef()} {
				for generation := range token.Generation {
					x := next(token, after(5))
					x.Generation, x.From = generation, from
					t.conflicts(token, x)
					t.holds(token)
				}
			}
		},
	},
	{
		id:   "Exchange/Repeated",
		text: "The same exchange again is ErrConflict with the record as the first left it: PreviousRef and ExchangedAt tell that it was a retry.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			x := next(token, after(1))
			token = t.exchange(x)
			t.conflicts(token, x)
			x.At = after(2)
			t.conflicts(token, x)
			t.holds(token)
		},
	},
	{
		id:   "Exchange/Revoked",
		text: "An exchange of a revoked record is ErrConflict with the record as it stands, and nothing changes; it counts as revoked whenever the revocation is dated.",
		check: func(t *trial) {
			for _, at := range []time.Time{after(1), after(50)} {
				token := newToken("alice", base)
				t.create(token)
				t.revoke(token.ID, at)
				token = revokedAt(token, at)
				t.conflicts(token, next(token, after(2)))
				t.holds(token)
			}
		},
	},
	{
		id:   "Exchange/Expired",
		text: "An exchange at the record's ExpiresAt or later is ErrConflict with the record as it stands, and nothing changes.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			for _, late := range []time.Duration{0, time.Millisecond, time.Hour} {
				x := next(token, token.ExpiresAt.Add(late))
				x.ExpiresAt = token.ExpiresAt.Add(lifetime)
				t.conflicts(token, x)
				t.holdsDead(token)
			}
		},
	},
	{
		id:   "Exchange/BehindAndDead",
		text: "A dead record at a lower generation stays dead: ErrConflict, and nothing changes.",
		check: func(t *trial) {
			revoked, expired := newToken("alice", base), newToken("alice", base)
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
		text: "An exchange of an unknown id is ErrNotFound and makes no record, whatever its generation.",
		check: func(t *trial) {
			for _, generation := range []int64{0, 5} {
				x := next(newToken("alice", base), base)
				x.Generation = generation
				t.refused(call{method: exchange, exchange: x}, core.ErrNotFound)
				t.lacks(x.ID)
			}
			t.lists("alice", base)
		},
	},
}
