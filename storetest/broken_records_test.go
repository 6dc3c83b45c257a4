package storetest

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// iterating is a store with an iterator of its own.
type iterating struct {
	storeFunc
	records func(ctx context.Context) iter.Seq2[core.Record, error]
}

func (i iterating) Records(ctx context.Context) iter.Seq2[core.Record, error] { return i.records(ctx) }

// yielding makes a harness of a store with that loop.
func yielding(loop func(m *model, ctx context.Context, yield func(core.Record, error) bool)) func() Harness {
	return func() Harness {
		var m *model
		return Harness{
			Peer: func(*testing.T, core.RefreshStore) core.RefreshStore { return storeFunc(m.answer) },
			Open: func(*testing.T) core.RefreshStore {
				m = newModel()
				m := m
				return iterating{m.answer, func(ctx context.Context) iter.Seq2[core.Record, error] {
					return func(yield func(core.Record, error) bool) { loop(m, ctx, yield) }
				}}
			},
		}
	}
}

// gate is a lock that every call takes.
type gate chan struct{}

// gated is yielding for a store whose calls pass a gate.
func gated(loop func(m *model, lock gate, ctx context.Context, yield func(core.Record, error) bool)) func() Harness {
	return func() Harness {
		return Harness{
			Open: func(*testing.T) core.RefreshStore {
				m, lock := newModel(), make(gate, 1)
				pass := func(ctx context.Context, c call) result {
					select {
					case lock <- struct{}{}:
						defer func() { <-lock }()
						return m.answer(ctx, c)
					case <-ctx.Done():
						return result{err: ctx.Err()}
					}
				}
				return iterating{pass, func(ctx context.Context) iter.Seq2[core.Record, error] {
					return func(yield func(core.Record, error) bool) { loop(m, lock, ctx, yield) }
				}}
			},
		}
	}
}

// everyRecord returns the records of the model at this moment.
func (m *model) everyRecord() []core.Record {
	return m.answer(context.Background(), call{method: iterate}).records
}

// each yields the records, and ends with the context's error.
func each(ctx context.Context, records []core.Record, yield func(core.Record, error) bool) {
	for _, r := range records {
		if err := ctx.Err(); err != nil {
			yield(core.Record{}, err)
			return
		}
		if !yield(r, nil) {
			return
		}
	}
	if err := ctx.Err(); err != nil {
		yield(core.Record{}, err)
	}
}

var brokenRecords = []broken{
	{
		bug: "yields live records only",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			each(ctx, slices.DeleteFunc(m.everyRecord(), func(r core.Record) bool { return !r.RevokedAt.IsZero() }), yield)
		}),
		fails: "Records/Everything",
	},
	{
		bug: "yields records without their Data",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			records := m.everyRecord()
			for i := range records {
				records[i].Data = nil
			}
			each(ctx, records, yield)
		}),
		fails: "Records/Everything Records/Expired Records/IsCopied",
	},
	{
		bug: "yields one page",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			records := m.everyRecord()
			each(ctx, records[:min(100, len(records))], yield)
		}),
		fails: "Records/Everything",
	},
	{
		bug: "yields what it has deleted",
		harness: func() Harness {
			return Harness{Open: func(*testing.T) core.RefreshStore {
				m, deleted := newModel(), state{}
				return m.with(func(s state, c call) result {
					if c.method == deleteExpired {
						for _, r := range s.expired(c.at) {
							deleted[r.ID] = r
						}
					}
					r := s.apply(c)
					if c.method == iterate {
						for _, old := range deleted {
							r.records = append(r.records, old)
						}
					}
					return r
				})
			}}
		},
		fails: "Records/Expired",
	},
	{
		bug: "yields its own Data",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			records := m.everyRecord()
			m.mu.Lock()
			for i, r := range records {
				records[i].Data = m.state[r.ID].Data
			}
			m.mu.Unlock()
			each(ctx, records, yield)
		}),
		fails: "Records/IsCopied",
	},
	{
		bug: "iterates without looking at the context",
		harness: yielding(func(m *model, _ context.Context, yield func(core.Record, error) bool) {
			each(context.Background(), m.everyRecord(), yield)
		}),
		fails: "Records/Context",
	},
	{
		bug: "looks at the context when it begins to iterate only",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			if ctx.Err() != nil {
				yield(core.Record{}, ctx.Err())
				return
			}
			each(context.Background(), m.everyRecord(), yield)
		}),
		fails: "Records/Context",
	},
	{
		bug: "ends an iteration without an error when the context ends",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			for _, r := range m.everyRecord() {
				if ctx.Err() != nil || !yield(r, nil) {
					return
				}
			}
		}),
		fails: "Records/Context",
	},
	{
		bug: "goes on after an error",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			for _, r := range m.everyRecord() {
				if err := ctx.Err(); err != nil {
					r = core.Record{}
				}
				if !yield(r, ctx.Err()) {
					return
				}
			}
		}),
		fails: "Records/Context",
	},
	{
		bug: "yields the last record with an error",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			for _, r := range m.everyRecord() {
				if !yield(r, ctx.Err()) || ctx.Err() != nil {
					return
				}
			}
		}),
		fails: "Records/Context",
	},
	{
		bug: "holds its lock while it iterates",
		harness: gated(func(m *model, lock gate, ctx context.Context, yield func(core.Record, error) bool) {
			records := m.everyRecord()
			lock <- struct{}{}
			defer func() { <-lock }()
			each(ctx, records, yield)
		}),
		fails: "Records/CallsInside Records/DeletionsInside",
		waits: true,
	},
	{
		bug: "keeps a lock where the loop ends early",
		harness: gated(func(m *model, lock gate, ctx context.Context, yield func(core.Record, error) bool) {
			each(ctx, m.everyRecord(), func(r core.Record, err error) bool {
				goesOn := yield(r, err)
				if !goesOn {
					lock <- struct{}{}
				}
				return goesOn
			})
		}),
		fails: "Records/EarlyEnd",
		waits: true,
	},
	{
		bug: "goes on where the loop has ended",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			for _, r := range m.everyRecord() {
				if err := ctx.Err(); err != nil {
					yield(core.Record{}, err)
					return
				}
				yield(r, nil)
			}
		}),
		fails: "Records/EarlyEnd Records/Context Records/Again",
	},
	{
		bug: "begins the next loop where the last one ended",
		harness: func() Harness {
			left := 0
			return yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
				records := m.everyRecord()
				n := 0
				each(ctx, records[min(left, len(records)):], func(r core.Record, err error) bool {
					n++
					if yield(r, err) {
						return true
					}
					left = (left + n) % len(records)
					return false
				})
			})()
		},
		fails: "Records/EarlyEnd Records/CallsInside Records/DeletionsInside Records/FromItsFirstStep Records/Again",
	},
	{
		bug: "ends an iteration at the first record that somebody deleted or changed",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			records := m.everyRecord()
			for i, r := range records {
				pause()
				if now := m.answer(context.Background(), call{method: get, id: r.ID}); now.err == nil && !sameRecord(now.record, r) {
					return
				}
				if i == len(records)-1 || ctx.Err() != nil {
					each(ctx, records[i:i+1], yield)
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}),
		fails: "Records/Context",
		races: "Records/DuringWrites Peer/RecordsDuringWrites",
	},
	{
		bug: "reads the parts of a record at several moments",
		harness: yielding(func(m *model, ctx context.Context, yield func(core.Record, error) bool) {
			records := m.everyRecord()
			for i := range records {
				pause()
				if now := m.answer(context.Background(), call{method: get, id: records[i].ID}); now.err == nil {
					records[i].Generation = now.record.Generation
				}
			}
			each(ctx, records, yield)
		}),
		races: "Records/DuringWrites Peer/RecordsDuringWrites",
	},
}
