package storetest

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/tokenauth/tokenauth/core"
)

// history is what concurrent calls returned, and when. It is safe for concurrent
// use until it is judged.
type history struct {
	// late says that a call that failed may still take effect after it returned.
	late  bool
	mu    sync.Mutex
	calls []porcupine.Operation // Input is a call, Output an outcome
	clock atomic.Int64          // counts up at every call and every return
}

// outcome is what a call came to.
type outcome struct {
	result
	// unknown says that the store could not answer: the call has taken effect or not,
	// or takes effect later where the history allows that.
	unknown bool
}

// never is the return of a call that may take effect at any time after it began. The
// checker may put it after everything else, where it has no effect.
const never = math.MaxInt64

// add makes the call and keeps it with its outcome. An error other than the
// sentinels leaves its effect unknown.
func (h *history) add(ctx context.Context, client int, s core.RefreshStore, c call) result {
	began := h.clock.Add(1)
	r := c.on(ctx, s)
	returned := h.clock.Add(1)
	o := outcome{result: r, unknown: r.err != nil && !isSentinel(r.err)}
	if o.unknown && !c.method.writes() {
		return r // it tells nothing and has done nothing
	}
	if o.unknown && h.late {
		returned = never
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, porcupine.Operation{ClientId: client, Input: c, Output: o, Call: began, Return: returned})
	return r
}

// judgeTime is how long the search for an order may take. Histories here are
// short: it takes milliseconds.
const judgeTime = 20 * time.Second

// judge returns nil if the calls of the history can be put into an order, each at
// a moment between its beginning and its return, in which the model answers the
// same. Otherwise it returns what cannot be explained. The owner tells the user of an
// ID: users are judged apart.
//
// DeleteExpired is not atomic. In its place the order has a deletion of each record
// that may happen or not, and the numbers that it returned must add up.
func (h *history) judge(owner func(id string) string) *violation {
	slices.SortFunc(h.calls, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	if v := h.miscounted(); v != nil {
		return v
	}
	split := func(calls []porcupine.Operation) [][]porcupine.Operation { return byUser(calls, owner) }
	m := porcupine.NondeterministicModel{
		Partition: split,
		Init:      func() []any { return []any{state{}} },
		Step:      func(s, in, out any) []any { return explains(s.(state), in.(call), out.(outcome), h.late) },
		Equal:     func(a, b any) bool { return maps.EqualFunc(a.(state), b.(state), sameRecord) },
	}
	calls := h.byRecord()
	verdict, info := porcupine.CheckOperationsVerbose(m.ToModel(), calls, judgeTime)
	switch verdict {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return &violation{
			expected: "an order of the calls found or ruled out",
			seen:     fmt.Sprintf("undecided after %v", judgeTime),
			calls:    formatCalls(calls),
		}
	}
	v := &violation{
		expected: "an order of the calls, each between its beginning and its return, in which the model answers the same",
		seen:     "there is none",
		calls:    formatCalls(calls),
	}
	for i, part := range split(calls) {
		longest := 0
		for _, partial := range info.PartialLinearizationsOperations()[i] {
			longest = max(longest, len(partial))
		}
		if longest < len(part) {
			v.seen = fmt.Sprintf("there is none: at most %d of these %d calls can be explained together", longest, len(part))
			v.calls = formatCalls(part)
		}
	}
	return v
}

// explains returns the states in which the call may have left the store if it had
// that outcome in that state. There is none if it cannot have had it.
func explains(s state, c call, o outcome, late bool) []any {
	if c.method == deleteExpired { // of one record
		if r, ok := s[c.id]; ok && r.ExpiresAt.Before(c.at) {
			return []any{s, s.without(c.id)}
		}
		return []any{s}
	}
	after := s
	if c.method.writes() {
		after = s.clone()
	}
	want := after.apply(c)
	switch {
	case o.unknown && late: // the order may have it at the end, where it does nothing
		return []any{after}
	case o.unknown:
		return []any{s, after}
	case sameResult(c.method, want, o.result):
		return []any{after}
	}
	return nil
}

// byRecord returns the calls with every DeleteExpired replaced by deletions of the
// single records: calls with an ID.
func (h *history) byRecord() []porcupine.Operation {
	var calls []porcupine.Operation
	ids := h.created()
	for _, op := range h.calls {
		c := op.Input.(call)
		if c.method != deleteExpired {
			calls = append(calls, op)
			continue
		}
		for _, id := range ids {
			c.id = id
			op.Input = c
			calls = append(calls, op)
		}
	}
	return calls
}

// created returns the IDs of the records that the history may have created.
func (h *history) created() []string {
	var ids []string
	for _, op := range h.calls {
		if c := op.Input.(call); c.method == create && !slices.Contains(ids, c.record.ID) {
			ids = append(ids, c.record.ID)
		}
	}
	return ids
}

// miscounted compares the numbers that DeleteExpired returned with the records that
// were created and are not there at the end. It returns nil if they are the same, or if
// calls of unknown outcome leave that open.
func (h *history) miscounted() *violation {
	deletes, counted, gone := 0, 0, 0
	there := map[string]bool{} // by the last Get
	for _, op := range h.calls {
		c, o := op.Input.(call), op.Output.(outcome)
		switch {
		case o.unknown && (c.method == create || c.method == deleteExpired):
			return nil
		case c.method == create && o.err == nil:
			gone++
		case c.method == get:
			there[c.id] = o.err == nil
		case c.method == deleteExpired:
			deletes++
			counted += o.n
			if o.n > c.max {
				return &violation{expected: "DeleteExpired deletes at most max", seen: o.format(c.method), calls: formatCalls(h.calls)}
			}
		}
	}
	for _, is := range there {
		if is {
			gone--
		}
	}
	if deletes == 0 || counted == gone {
		return nil
	}
	return &violation{
		expected: fmt.Sprintf("%d records counted by DeleteExpired: so many were created and are gone", gone),
		seen:     fmt.Sprint(counted), calls: formatCalls(h.calls),
	}
}

// byUser splits a history by the users that its calls are about, in the order in
// which they appear.
func byUser(calls []porcupine.Operation, owner func(id string) string) [][]porcupine.Operation {
	var users []string
	parts := map[string][]porcupine.Operation{}
	for _, op := range calls {
		c := op.Input.(call)
		user := c.user()
		if id := c.recordID(); id != "" {
			user = owner(id)
		}
		if parts[user] == nil {
			users = append(users, user)
		}
		parts[user] = append(parts[user], op)
	}
	split := make([][]porcupine.Operation, len(users))
	for i, user := range users {
		split[i] = parts[user]
	}
	return split
}

// formatCalls prints a history, one call a line, with its beginning and its return
// on the history's clock.
func formatCalls(calls []porcupine.Operation) string {
	var b strings.Builder
	for _, op := range calls {
		c, o := op.Input.(call), op.Output.(outcome)
		ended, note := fmt.Sprint(op.Return), ""
		switch {
		case op.Return == never:
			ended, note = "?", " (took effect then, later or never)"
		case o.unknown:
			note = " (took effect then or never)"
		case c.method == deleteExpired && c.id != "":
			note = " (may have deleted " + c.id + ")"
		}
		fmt.Fprintf(&b, "\t[%d-%s] goroutine %d: %v: %s%s\n", op.Call, ended, op.ClientId, c, o.format(c.method), note)
	}
	return b.String()
}
