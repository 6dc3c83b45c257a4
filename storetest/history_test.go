package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/tokenauth/tokenauth/core"
)

var errDriver = errors.New("driver: connection lost")

// disturbed tries whether histories of a store that fails now and then are
// linearizable.
func disturbed(t *testing.T, client func(m *model) storeFunc) *violation {
	t.Helper()
	tr := newTrial(t, Harness{}, client(newModel()))
	tr.histories(plan{users: 1, records: 3, length: 5, disturbed: true})
	return tr.ledger.first()
}

func TestHistoriesAllowForCallsOfUnknownOutcome(t *testing.T) {
	for name, client := range map[string]func(m *model) storeFunc{
		"fails before it does anything": func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if rand.N(3) == 0 {
					return result{err: errDriver}
				}
				return m.answer(ctx, c)
			}
		},
		"fails after it has done everything": func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				r := m.answer(ctx, c)
				if rand.N(3) == 0 {
					return result{err: errDriver}
				}
				return r
			}
		},
		"fails and does it later": func(m *model) storeFunc {
			pending := make(chan call, 1000)
			return func(ctx context.Context, c call) result {
				if rand.N(3) == 0 {
					pending <- c
					return result{err: errDriver}
				}
				if len(pending) > 0 && rand.N(2) == 0 {
					select {
					case late := <-pending:
						m.answer(context.WithoutCancel(ctx), late)
					default:
					}
				}
				return m.answer(ctx, c)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			if v := disturbed(t, client); v != nil {
				t.Errorf("expected %s\nseen %s\n%s", v.expected, v.seen, v.calls)
			}
		})
	}
}

func TestHistoriesFindWhatAFailureDoesNotExcuse(t *testing.T) {
	for name, client := range map[string]func(m *model) storeFunc{
		"half a call": func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method == exchange && rand.N(2) == 0 {
					m.mu.Lock()
					defer m.mu.Unlock()
					if t, ok := m.state[c.exchange.ID]; ok && stands(t, c.exchange) && t.Live(c.exchange.At) {
						m.state.update(t.ID, func(t *core.Record) { t.Generation++ })
					}
					return result{err: errDriver}
				}
				return m.answer(ctx, c)
			}
		},
		"a failure told as not found": func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method == get && rand.N(3) == 0 {
					return result{err: core.ErrNotFound}
				}
				return m.answer(ctx, c)
			}
		},
		"a failure told as a conflict": func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method == exchange && rand.N(3) == 0 {
					return result{err: core.ErrConflict}
				}
				return m.answer(ctx, c)
			}
		},
		"a success that is lost": func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method == create && ctx.Err() == nil && rand.N(3) == 0 {
					return result{}
				}
				return m.answer(ctx, c)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			if disturbed(t, client) == nil {
				t.Error("not found")
			}
		})
	}
}

func TestJudge(t *testing.T) {
	record := newRecord("alice", base)
	creates := call{method: create, record: record}
	gets := call{method: get, id: record.ID}
	known := outcome{result: result{record: record}}
	missing := outcome{result: result{err: core.ErrNotFound}}
	lost := outcome{result: result{err: errDriver}, unknown: true}
	op := func(c call, o outcome, began, returned int64) porcupine.Operation {
		return porcupine.Operation{Input: c, Output: o, Call: began, Return: returned}
	}
	for _, test := range []struct {
		name         string
		calls        []porcupine.Operation
		linearizable bool
	}{
		{"a record that is there after its Create", []porcupine.Operation{op(creates, outcome{}, 1, 2), op(gets, known, 3, 4)}, true},
		{"a record that is missing after its Create", []porcupine.Operation{op(creates, outcome{}, 1, 2), op(gets, missing, 3, 4)}, false},
		{"a record that is there before its Create", []porcupine.Operation{op(gets, known, 1, 2), op(creates, outcome{}, 3, 4)}, false},
		{"a record that is missing during its Create", []porcupine.Operation{op(creates, outcome{}, 1, 4), op(gets, missing, 2, 3)}, true},
		{"a record that is there, then missing", []porcupine.Operation{op(creates, outcome{}, 1, 6), op(gets, known, 2, 3), op(gets, missing, 4, 5)}, false},
		{"a lost Create that took effect", []porcupine.Operation{op(creates, lost, 1, never), op(gets, known, 3, 4)}, true},
		{"a lost Create that did not", []porcupine.Operation{op(creates, lost, 1, never), op(gets, missing, 3, 4)}, true},
		{"a lost Create that took effect later", []porcupine.Operation{op(creates, lost, 1, never), op(gets, missing, 3, 4), op(gets, known, 5, 6)}, true},
		{"a lost Create that was undone", []porcupine.Operation{op(creates, lost, 1, never), op(gets, known, 3, 4), op(gets, missing, 5, 6)}, false},
		{"a lost Create that took effect before it began", []porcupine.Operation{op(gets, known, 1, 2), op(creates, lost, 3, never)}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := history{calls: test.calls, late: true}
			v := h.judge(func(string) string { return "alice" })
			if (v == nil) != test.linearizable {
				t.Errorf("linearizable: %v, want %v", v == nil, test.linearizable)
			}
		})
	}
}

func TestJudgeOfALocalStore(t *testing.T) {
	record := newRecord("alice", base)
	creates := call{method: create, record: record}
	gets := call{method: get, id: record.ID}
	known := outcome{result: result{record: record}}
	missing := outcome{result: result{err: core.ErrNotFound}}
	lost := outcome{result: result{err: errDriver}, unknown: true}
	deletes := call{method: deleteExpired, at: record.ExpiresAt.Add(time.Hour), max: 2}
	early := call{method: deleteExpired, at: record.ExpiresAt, max: 2}
	counted := func(n int) outcome { return outcome{result: result{n: n}} }
	op := func(c call, o outcome, began, returned int64) porcupine.Operation {
		return porcupine.Operation{Input: c, Output: o, Call: began, Return: returned}
	}
	for _, test := range []struct {
		name     string
		calls    []porcupine.Operation
		explains bool
	}{
		{"a lost Create that took effect", []porcupine.Operation{op(creates, lost, 1, 2), op(gets, known, 3, 4)}, true},
		{"a lost Create that did not", []porcupine.Operation{op(creates, lost, 1, 2), op(gets, missing, 3, 4)}, true},
		{"a lost Create that took effect later", []porcupine.Operation{op(creates, lost, 1, 2), op(gets, missing, 3, 4), op(gets, known, 5, 6)}, false},
		{"a deletion that is counted", []porcupine.Operation{op(creates, outcome{}, 1, 2), op(deletes, counted(1), 3, 4), op(gets, missing, 5, 6)}, true},
		{"a deletion that is not counted", []porcupine.Operation{op(creates, outcome{}, 1, 2), op(deletes, counted(0), 3, 4), op(gets, missing, 5, 6)}, false},
		{"a deletion that is counted and was none", []porcupine.Operation{op(creates, outcome{}, 1, 2), op(deletes, counted(1), 3, 4), op(gets, known, 5, 6)}, false},
		{"a deletion counted twice", []porcupine.Operation{op(creates, outcome{}, 1, 2), op(deletes, counted(1), 3, 5), op(deletes, counted(1), 4, 6), op(gets, missing, 7, 8)}, false},
		{"more deletions than max", []porcupine.Operation{op(deletes, counted(3), 1, 2)}, false},
		{"a deletion before the record has expired", []porcupine.Operation{op(creates, outcome{}, 1, 2), op(early, counted(1), 3, 4), op(gets, missing, 5, 6)}, false},
		{
			"a deletion on the way of a call",
			[]porcupine.Operation{op(creates, outcome{}, 1, 2), op(deletes, counted(1), 3, 8), op(gets, known, 4, 5), op(gets, missing, 6, 7)},
			true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := history{calls: test.calls}
			if v := h.judge(func(string) string { return "alice" }); (v == nil) != test.explains {
				t.Errorf("explained: %v, want %v", v == nil, test.explains)
			}
		})
	}
}
