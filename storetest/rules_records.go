package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// recordsRules are about core.RecordIterator.
var recordsRules = []rule{
	{
		id:    "Records/Everything",
		text:  "Records yields every record, live and dead, of every user, every field exact, and no other.",
		needs: []ability{needsRecords},
		check: func(t *trial) {
			t.yields()
			records := t.createThousand(time.Second / 2)
			others := append(newRecords("bob", base, 3), newRecord("carol", base))
			t.create(others...)
			records = append(records, others...)
			records[0] = t.exchange(next(records[0], after(1)))
			for _, i := range []int{1, many} {
				t.revoke(records[i].ID, after(2))
				records[i] = revokedAt(records[i], after(2))
			}
			t.yields(records...)
		},
	},
	{
		id:    "Records/Expired",
		text:  "Records yields expired records, and not those that DeleteExpired has deleted.",
		needs: []ability{needsRecords, needsDead},
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			t.create(records...)
			t.call(call{method: listUser, userID: "alice", at: records[3].ExpiresAt.Add(time.Hour)})
			t.yields(records...)
			t.deleteExpired(records[1].ExpiresAt.Add(time.Minute), 10, 2)
			t.yields(records[2:]...)
			past := newRecords("bob", base.Add(-1000*lifetime), 3) // expired by any clock
			t.create(past...)
			t.yields(append(past, records[2:]...)...)
		},
	},
	{
		id:    "Records/IsCopied",
		text:  "The records that Records yields are copies.",
		needs: []ability{needsRecords},
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			t.create(records...)
			var kept []core.Record
			t.wantDone(t.iterate(t.ctx, func(r core.Record) bool { kept = append(kept, r); return true }))
			t.ownData(kept)
			t.holds(records...)
			t.yields(records...)
		},
	},
	{
		id:    "Records/Context",
		text:  "A context that is cancelled or overdue, at the beginning or on the way, yields its error.",
		needs: []ability{needsRecords},
		check: func(t *trial) {
			cancelled, cancel := context.WithCancel(t.ctx)
			cancel()
			t.iterationStops(cancelled, t.iterate(cancelled, all)) // of an empty store
			t.createAll(manyRecords())
			t.iterationStops(cancelled, t.iterate(cancelled, all))
			overdue, cancel := context.WithDeadline(t.ctx, time.Now().Add(-time.Hour))
			defer cancel()
			t.iterationStops(overdue, t.iterate(overdue, all))
			ended, cancel := context.WithCancel(t.ctx)
			defer cancel()
			t.iterationStops(ended, t.iterate(ended, func(core.Record) bool { cancel(); return true }))
			left, cancel := context.WithCancel(t.ctx)
			defer cancel()
			t.wantDone(t.iterate(left, func(core.Record) bool { cancel(); return false })) // nothing follows a break
		},
	},
	{
		id:    "Records/CallsInside",
		text:  "The body of the loop may call the store, and the records that it leaves alone are all yielded.",
		needs: []ability{needsRecords},
		check: func(t *trial) {
			records := newRecords("alice", base, 12)
			bob := newRecords("bob", base, 3)
			t.create(append(records, bob...)...)
			steps := 0
			seen := map[string]bool{}
			t.wantDone(t.iterate(t.ctx, func(r core.Record) bool {
				seen[r.ID] = true
				if steps < 5 {
					login := newRecord("bob", after(9).Add(time.Duration(steps)*time.Minute))
					t.createLimited(login, 4)
					t.exchange(next(login, after(10)))
					t.revoke(login.ID, after(11))
					t.must(call{method: listUser, userID: "alice", at: after(12)})
					t.call(call{method: deleteExpired, at: base, max: 1})
				}
				steps++
				return !t.failed() && steps < 1000
			}))
			t.wantSeen(seen, records)
			t.holds(records...)
		},
	},
	{
		id:    "Records/DeletionsInside",
		text:  "Records that are deleted meanwhile make the iteration skip no other.",
		needs: []ability{needsRecords, needsDead},
		check: func(t *trial) {
			var left []core.Record
			for i := range 60 {
				record := newRecord(fmt.Sprintf("user %d", i), base.Add(time.Duration(i)*time.Minute))
				if i%2 == 0 {
					record.ExpiresAt = after(2)
				} else {
					left = append(left, record)
				}
				t.create(record)
			}
			seen := t.wantDone(t.iterate(t.ctx, func(core.Record) bool {
				t.must(call{method: deleteExpired, at: after(3), max: 2})
				return !t.failed()
			}))
			t.wantSeen(seen, left)
		},
	},
	{
		id:    "Records/FromItsFirstStep",
		text:  "Records yields what is in the store at its first step, not what was there when the iterator was made.",
		needs: []ability{needsRecords},
		check: func(t *trial) {
			record := newRecord("alice", base)
			seen := t.wantDone(t.walk(func() iter.Seq2[core.Record, error] {
				records := t.opened.(core.RecordIterator).Records(t.ctx)
				t.create(record)
				return records
			}, all))
			if !t.failed() && !seen[record.ID] {
				t.fail("Records yields "+record.ID, "it does not")
			}
		},
	},
	{
		// As package iter says of sequences that are not documented to be for single use.
		id:    "Records/Again",
		text:  "The sequence can be walked again, also after a loop that ended early: each loop begins at the beginning.",
		needs: []ability{needsRecords},
		check: func(t *trial) {
			t.create(newRecords("alice", base, 3)...)
			if t.failed() {
				return
			}
			sequence := t.opened.(core.RecordIterator).Records(t.ctx)
			again := func() iter.Seq2[core.Record, error] { return sequence }
			t.wantDone(t.walk(again, func(core.Record) bool { return false }))
			for range 2 {
				t.wantNumber("records yielded", 3, len(t.wantDone(t.walk(again, all))))
			}
		},
	},
	{
		id:    "Records/EarlyEnd",
		text:  "A loop may end after any record: the store goes on as before, and the next loop begins at the beginning.",
		needs: []ability{needsRecords},
		check: func(t *trial) {
			records := newRecords("alice", base, 6)
			t.create(records...)
			for n := 1; n <= len(records); n++ {
				steps := 0
				r := t.iterate(t.ctx, func(core.Record) bool { steps++; return steps < n })
				t.wantDone(r)
				t.wantNumber("records yielded", n, len(r.records))
				t.create(newRecord("bob", base))
			}
			seen := t.wantDone(t.iterate(t.ctx, all))
			t.wantSeen(seen, records)
		},
	},
	{
		id:     "Records/DuringWrites",
		text:   "While others write, Records yields every record that they leave alone, and each other one as it stood at some moment.",
		needs:  []ability{needsRecords},
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				still, moving := newRecords(user, base, crowd), newRecords(user, base, 3)
				t.createAll(append(still, moving...))
				stood := newVersions(moving)
				var over atomic.Bool
				t.together(1+len(moving), func(i int, client core.RefreshStore) {
					if i == 0 {
						defer over.Store(true)
						seen := t.wantDone(t.iterate(t.ctx, func(r core.Record) bool {
							if !stood.know(r) {
								t.fail("Records yields a record as it stood at some moment", formatRecord(r))
							}
							return !t.failed()
						}))
						for _, r := range still {
							if !t.failed() && !seen[r.ID] {
								t.fail("Records yields "+r.ID, "it does not")
							}
						}
						return
					}
					t := t.as(client)
					record := moving[i-1]
					for n := 0; n < 50 && !over.Load() && !t.failed(); n++ {
						x := next(record, after(20))
						record = exchanged(record, x)
						stood.add(record)
						t.must(call{method: exchange, exchange: x})
					}
				})
			}
		},
	},
}

// versions are all that records have been. It is safe for concurrent use.
type versions struct {
	mu    sync.Mutex
	stood map[string][]core.Record
}

func newVersions(records []core.Record) *versions {
	v := &versions{stood: map[string][]core.Record{}}
	for _, r := range records {
		v.add(r)
	}
	return v
}

func (v *versions) add(r core.Record) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stood[r.ID] = append(v.stood[r.ID], r)
}

// know reports whether the record is one of the versions, or none of these records.
func (v *versions) know(r core.Record) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	stood, ok := v.stood[r.ID]
	for _, s := range stood {
		if sameRecord(s, r) {
			return true
		}
	}
	return !ok
}

func (t *trial) hasRecords() bool {
	_, ok := t.opened.(core.RecordIterator)
	return ok
}

// all is a loop's body that goes on.
func all(core.Record) bool { return true }

// iterate walks through the records of the store with that body of the loop, and
// returns what was yielded.
func (t *trial) iterate(ctx context.Context, body func(core.Record) bool) result {
	return t.walk(func() iter.Seq2[core.Record, error] { return t.opened.(core.RecordIterator).Records(ctx) }, body)
}

// walk is iterate over the iterator that a function makes.
func (t *trial) walk(records func() iter.Seq2[core.Record, error], body func(core.Record) bool) (r result) {
	if t.failed() {
		return result{}
	}
	e := t.ledger.begin("", call{method: iterate})
	defer func() {
		if p := recover(); p != nil {
			r.err = &panicked{p, debug.Stack()}
		}
		t.ledger.end(e, r)
	}()
	for record, err := range records() {
		t.ledger.touch()
		if r.err != nil {
			t.fail("an error ends the iteration", "another step after "+formatErr(r.err))
			return r
		}
		if err != nil {
			r.err = err
			if !sameRecord(record, core.Record{}) {
				t.fail("the zero Record comes with an error", formatRecord(record))
			}
			continue
		}
		r.records = append(r.records, copied(record))
		if !body(record) {
			break
		}
	}
	return r
}

// wantSeen wants each of the records among those whose IDs an iteration has yielded.
func (t *trial) wantSeen(seen map[string]bool, records []core.Record) {
	for _, r := range records {
		if !t.failed() && !seen[r.ID] {
			t.fail("Records yields "+r.ID, "it does not")
		}
	}
}

// wantDone wants the iteration to have ended without an error, and returns the IDs
// that it yielded.
func (t *trial) wantDone(r result) map[string]bool {
	if !t.failed() && r.err != nil {
		t.fail("Records yields no error", formatErr(r.err))
	}
	seen := map[string]bool{}
	for _, record := range r.records {
		seen[record.ID] = true
	}
	return seen
}

// yields wants Records to yield those records, each at least once, and no others.
func (t *trial) yields(want ...core.Record) {
	r := t.iterate(t.ctx, all)
	seen := t.wantDone(r)
	stood := state{}
	for _, w := range want {
		stood[w.ID] = w
		if !t.failed() && !seen[w.ID] {
			t.fail("Records yields "+w.ID, fmt.Sprintf("%d other records", len(seen)))
		}
	}
	for _, got := range r.records {
		if w, ok := stood[got.ID]; ok {
			t.wantRecord("the record that Records yields", w, got)
		} else if !t.failed() {
			t.fail("Records yields only what is in the store", formatRecord(got))
		}
	}
}

// iterationStops wants the iteration to have ended with the error of its context.
func (t *trial) iterationStops(ctx context.Context, r result) {
	if !t.failed() && (!errors.Is(r.err, ctx.Err()) || isSentinel(r.err)) {
		t.fail(fmt.Sprintf("Records yields %v", ctx.Err()), r.format(iterate))
	}
}
