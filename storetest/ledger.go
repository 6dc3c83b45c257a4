package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// maxCalls is how many calls a ledger remembers, so that it can show those that touched
// the records in question.
const maxCalls = 500

// ledger is what one trial has done: the calls that it made, and the first
// violation that it found. It is safe for concurrent use.
type ledger struct {
	mu        sync.Mutex
	entries   []*entry
	made      int
	active    time.Time // when something last happened
	panicked  *panicked // the first, nil if there is none
	violation *violation
}

// entry is one call in a ledger.
type entry struct {
	number int
	client string
	call   call
	result result
	done   bool
}

// panicked is the error of a call that panicked.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// violation is where a store departed from a rule.
type violation struct {
	expected, seen string
	calls          string // those made until then
	hint           string // how to see it again, empty where there is nothing to say
}

// watch returns the store with every call of it entered in the ledger. A panic
// of the store becomes an error, so that it fails one rule and not the suite.
func (l *ledger) watch(client string, s core.RefreshStore) core.RefreshStore {
	return storeFunc(func(ctx context.Context, c call) (r result) {
		e := l.begin(client, c)
		defer func() {
			if p := recover(); p != nil {
				r = result{err: &panicked{p, debug.Stack()}}
			}
			l.end(e, r)
		}()
		return c.on(ctx, s)
	})
}

func (l *ledger) begin(client string, c call) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made++
	l.active = time.Now()
	if len(l.entries) == 2*maxCalls {
		l.forget()
	}
	if c.method == create {
		c.record = copied(c.record) // the rule may write to its slice meanwhile
	}
	e := &entry{number: l.made, client: client, call: c}
	l.entries = append(l.entries, e)
	return e
}

// forget drops the older half of the calls, except those in flight.
func (l *ledger) forget() {
	var kept []*entry
	for i, e := range l.entries {
		if !e.done || i >= len(l.entries)-maxCalls {
			kept = append(kept, e)
		}
	}
	l.entries = kept
}

func (l *ledger) end(e *entry, r result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = time.Now()
	r.record = copied(r.record)
	r.records = copiedAll(r.records)
	e.result, e.done = r, true
	if p, ok := errors.AsType[*panicked](r.err); ok && l.panicked == nil {
		l.panicked = p
	}
}

// reset forgets all calls.
func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.made, l.active = nil, 0, time.Now()
}

// idle returns how long nothing has happened.
func (l *ledger) idle() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.active)
}

// touch notes that something happened.
func (l *ledger) touch() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = time.Now()
}

// violate keeps the violation unless there was one before.
func (l *ledger) violate(v *violation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.violation == nil {
		l.violation = v
	}
}

// stall notes that nothing has happened for so long, as a violation or as what came
// of one.
func (l *ledger) stall(idle time.Duration) {
	seen := fmt.Sprintf("no call has begun or returned for %v; in flight:\n%s", idle, strings.TrimSuffix(l.inFlight(), "\n"))
	v := &violation{expected: "every call returns", seen: seen, calls: l.calls()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.violation == nil {
		l.violation = v
	} else {
		l.violation.seen += "\n  and then: " + seen
	}
}

// first returns the violation found first, nil if there is none.
func (l *ledger) first() *violation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.violation
}

// stack returns where the store panicked first, empty if it did not.
func (l *ledger) stack() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.panicked == nil {
		return ""
	}
	return string(l.panicked.stack)
}

// calls returns the calls remembered, one a line in the order they began.
func (l *ledger) calls() string {
	return l.list(false, func(*entry) bool { return true })
}

// callsAbout returns those of the calls remembered that touched one of the records or
// their users, all calls if there is no record. A DeleteExpired touches every record.
func (l *ledger) callsAbout(records []core.Record) string {
	names := map[string]bool{}
	for _, r := range records {
		names[r.ID], names["user "+r.UserID] = true, true
	}
	return l.list(false, func(e *entry) bool {
		c := e.call
		if len(records) == 0 || c.method == deleteExpired || c.method == iterate || names[c.recordID()] {
			return true
		}
		limited := c.method == create && c.limit > 0
		return (c.method == revoke && c.revocation.ID == "" || c.method == listUser || limited) && names["user "+c.user()]
	})
}

// inFlight returns the calls that have not returned, one a line.
func (l *ledger) inFlight() string {
	return l.list(true, func(e *entry) bool { return !e.done })
}

func (l *ledger) list(inFlight bool, wanted func(*entry) bool) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	earlier, others := l.made-len(l.entries), 0
	for _, e := range l.entries {
		if !wanted(e) {
			others++
			continue
		}
		returned := "has not returned"
		if e.done {
			returned = e.result.format(e.call.method)
		}
		fmt.Fprintf(&b, "\t#%d %s%v: %s\n", e.number, e.client, e.call, returned)
	}
	if b.Len() == 0 {
		b.WriteString("\tnone\n")
	}
	if earlier > 0 && !inFlight {
		fmt.Fprintf(&b, "\t(and %d calls before those remembered)\n", earlier)
	}
	if others > 0 && !inFlight {
		fmt.Fprintf(&b, "\t(and %d calls about others)\n", others)
	}
	return b.String()
}
