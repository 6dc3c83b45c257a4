package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var exchangeRaces = []rule{
	{
		id:     "Exchange/OneWinner",
		text:   "Of N concurrent exchanges of one mapping exactly one succeeds; the others are ErrConflict with the winner's record.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				record := newRecord("alice", base)
				t.create(record)
				t.oneWinner(record, func(i int) core.Exchange {
					return next(record, after(1).Add(time.Duration(i)*time.Second))
				})
			}
		},
	},
	{
		id:     "Exchange/OneOfEqual",
		text:   "Of N concurrent exchanges that are equal, as retries are, exactly one succeeds; the others are ErrConflict with the record it left.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				record := newRecord("alice", base)
				t.create(record)
				x := next(record, after(1))
				t.oneWinner(record, func(int) core.Exchange { return x })
			}
		},
	},
	{
		id:     "Exchange/OneHealer",
		text:   "Of N concurrent exchanges of one generation from which the record is behind exactly one succeeds.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				record := newRecord("alice", base)
				t.create(record)
				t.oneWinner(record, func(int) core.Exchange {
					x := next(record, after(1))
					x.Generation, x.From = 4, newRef()
					return x
				})
			}
		},
	},
	{
		id:     "Exchange/NoneLost",
		text:   "Concurrent exchanges of different records all succeed, none undoes another, and the caller who made one reads it from then on.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				records := newRecords("alice", base, crowd)
				t.create(records...)
				t.contend("alice", crowd, func(i int, client core.RefreshStore) {
					t := t.as(client)
					for range 3 {
						x := next(records[i], after(30))
						records[i] = exchanged(records[i], x)
						t.must(call{method: exchange, exchange: x})
						t.holds(records[i])
					}
				})
				t.holds(records...)
			}
		},
	},
	{
		id:     "Exchange/KeepsRevocation",
		text:   "No exchange undoes a revocation made at the same time, and no revocation an exchange.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				record := newRecord("alice", base)
				t.create(record)
				var exchanges atomic.Int64
				t.contend("alice", 4, func(i int, client core.RefreshStore) {
					t := t.as(client)
					if i == 0 {
						t.revoke(record.ID, after(9))
						return
					}
					exchanges.Add(t.exchanges(record, 5))
				})
				t.wantExchanged(record.ID, exchanges.Load(), after(9))
				t.lists("alice", after(2))
			}
		},
	},
}

// exchanges exchanges the record again and again from where it stands, and
// returns how often that succeeded.
func (t *trial) exchanges(record core.Record, times int) int64 {
	var succeeded int64
	for range times {
		r := t.call(call{method: exchange, exchange: next(record, after(1))})
		switch {
		case r.err == nil:
			succeeded++
		case !isJust(r.err, core.ErrConflict):
			t.fail("Exchange succeeds or is ErrConflict", r.format(exchange))
			return succeeded
		}
		record = r.record
	}
	return succeeded
}

// wantExchanged wants the record revoked at that moment, and none of so many
// successful exchanges lost.
func (t *trial) wantExchanged(id string, exchanges int64, at time.Time) {
	last := t.get(id)
	want := revokedAt(last, at)
	want.Generation = exchanges
	t.wantRecord(fmt.Sprintf("the record, revoked during %d successful exchanges,", exchanges), want, last)
}

// oneWinner makes a crowd of exchanges of the record at once and wants one of
// them to succeed and the others to see what it left.
func (t *trial) oneWinner(record core.Record, nth func(i int) core.Exchange) {
	if t.failed() {
		return
	}
	calls := make([]call, crowd)
	for i := range calls {
		calls[i] = call{method: exchange, exchange: nth(i)}
	}
	results := t.callTogether(record.UserID, calls)
	winner := slices.IndexFunc(results, func(r result) bool { return r.err == nil })
	winners := 0
	for _, r := range results {
		if r.err == nil {
			winners++
		}
	}
	if winners != 1 {
		t.fail(fmt.Sprintf("1 of %d exchanges succeeds", len(results)), fmt.Sprintf("%d succeeded", winners))
		return
	}
	won := exchanged(record, calls[winner].exchange)
	t.wantRecord("the winner's record", won, results[winner].record)
	for i, r := range results {
		if i == winner {
			continue
		}
		if !isJust(r.err, core.ErrConflict) {
			t.fail("a loser's Exchange is ErrConflict", r.format(exchange))
		}
		t.wantRecord("the record that a loser sees", won, r.record)
	}
	t.holds(won)
}
