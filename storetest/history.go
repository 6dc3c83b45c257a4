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
	mu    sync.Mutex
	calls []porcupine.Operation // Input is a call, Output an outcome
	clock atomic.Int64          // counts up at every call and every return
}

// outcome is what a call came to.
type outcome struct {
	result
	// unknown says that the store could not answer: the call has taken effect,
	// or will at any time after it began, or never.
	unknown bool
}

// add makes the call and keeps it with its outcome. An error other than the
// sentinels leaves its effect unknown.
func (h *history) add(ctx context.Context, client int, s core.RefreshStore, c call) result {
	began := h.clock.Add(1)
	r := c.on(ctx, s)
	o := outcome{result: r, unknown: r.err != nil && !isSentinel(r.err)}
	returned := int64(math.MaxInt64) // so that it may come after everything: that is, never
	if !o.unknown {
		returned = h.clock.Add(1)
	}
	if o.unknown && !c.method.writes() {
		return r // it tells nothing and has done nothing
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
// same. Otherwise it returns what can't be explained. The owner tells the user of an
// id: users are judged apart, unless a call is about all of them.
func (h *history) judge(owner func(id string) string) *violation {
	slices.SortFunc(h.calls, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	m := porcupine.Model{
		Partition: func(calls []porcupine.Operation) [][]porcupine.Operation { return byUser(calls, owner) },
		Init:      func() any { return state{} },
		Step:      func(s, in, out any) (bool, any) { return explains(s.(state), in.(call), out.(outcome)) },
		Equal:     func(a, b any) bool { return maps.EqualFunc(a.(state), b.(state), sameToken) },
	}
	verdict, info := porcupine.CheckOperationsVerbose(m, h.calls, judgeTime)
	switch verdict {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return &violation{
			expected: "an order of the calls found or ruled out",
			seen:     fmt.Sprintf("undecided after %v", judgeTime),
			calls:    formatCalls(h.calls),
		}
	}
	v := &violation{
		expected: "an order of the calls, each between its beginning and its return, in which the model answers the same",
		seen:     "there is none",
		calls:    formatCalls(h.calls),
	}
	for i, calls := range byUser(h.calls, owner) {
		longest := 0
		for _, partial := range info.PartialLinearizationsOperations()[i] {
			longest = max(longest, len(partial))
		}
		if longest < len(calls) {
			v.seen = fmt.Sprintf("there is none: at most %d of these %d calls can be explained together", longest, len(calls))
			v.calls = formatCalls(calls)
		}
	}
	return v
}

// explains reports whether the call can have had that outcome in that state, and
// returns the state after it.
func explains(s state, c call, o outcome) (bool, state) {
	if c.method.writes() {
		s = maps.Clone(s)
	}
	want := s.apply(c)
	return o.unknown || sameResult(c.method, want, o.result), s
}

// byUser splits a history by the users that its calls are about, in the order in
// which they appear, or not at all where a call is about all users.
func byUser(calls []porcupine.Operation, owner func(id string) string) [][]porcupine.Operation {
	var users []string
	parts := map[string][]porcupine.Operation{}
	for _, op := range calls {
		c := op.Input.(call)
		if c.method == deleteExpired {
			return [][]porcupine.Operation{calls}
		}
		user := c.userID
		if id := c.record(); id != "" {
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
		if o.unknown {
			ended, note = "?", " (took effect then, later or never)"
		}
		fmt.Fprintf(&b, "\t[%d-%s] goroutine %d: %v: %s%s\n", op.Call, ended, op.ClientId, c, o.format(c.method), note)
	}
	return b.String()
}
