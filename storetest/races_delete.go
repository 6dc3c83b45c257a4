package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var deletionRaces = []rule{
	{
		id:     "DeleteExpired/CountedOnce",
		text:   "Concurrent DeleteExpired calls count each record once: their numbers add up to what is gone, each at most its max.",
		needs:  []ability{needsDead},
		varies: true,
		check: func(t *trial) {
			const expired, step = 3 * crowd, 4
			for round := range t.rounds() {
				start := base.Add(-time.Duration(round) * 2 * lifetime) // before all earlier rounds
				records := newRecords("alice", start, expired)
				t.create(records...)
				before := records[expired-1].ExpiresAt.Add(time.Hour)
				calls := make([]call, crowd)
				for i := range calls {
					calls[i] = call{method: deleteExpired, at: before, max: step}
				}
				counted := 0
				for _, r := range t.callTogether("alice", calls) {
					if r.err != nil || r.n > step {
						t.fail("DeleteExpired returns at most 4", r.format(deleteExpired))
					}
					counted += r.n
				}
				gone := 0
				for _, record := range records {
					if t.there(record.ID) == nil {
						gone++
					}
				}
				t.wantNumber("records deleted in all, for so many are gone", gone, counted)
				t.deleteExpired(before, everything, expired-gone)
			}
		},
	},
	{
		id:     "DeleteExpired/DuringExchanges",
		text:   "DeleteExpired deletes a record or an exchange moves it out of reach, never both: what it counts is what is gone.",
		needs:  []ability{needsDead},
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				records := newRecords("alice", base, crowd)
				t.create(records...)
				before := base.Add(2 * lifetime)
				deletes := call{method: deleteExpired, at: before, max: everything}
				calls := []call{deletes, deletes}
				for _, record := range records {
					x := next(record, after(20))
					x.ExpiresAt = base.Add(3 * lifetime)
					calls = append(calls, call{method: exchange, exchange: x})
				}
				results := t.callTogether("alice", calls)
				counted := 0
				for _, r := range results[:2] {
					if r.err != nil {
						t.fail("DeleteExpired succeeds", r.format(deleteExpired))
					}
					counted += r.n
				}
				gone := 0
				for i, r := range results[2:] {
					switch {
					case r.err == nil:
						t.holds(exchanged(records[i], calls[2+i].exchange))
					case isJust(r.err, core.ErrNotFound):
						t.lacks(records[i].ID)
						gone++
					default:
						t.fail("Exchange succeeds or is ErrNotFound", r.format(exchange))
					}
				}
				t.wantNumber("records deleted", gone, counted)
			}
		},
	},
}
