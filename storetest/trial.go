package storetest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// trial is one run of one rule. Its methods make calls, compare what they
// return with what the contract says and note the first violation; after that
// they do nothing, so that a check reads straight on. It is safe for concurrent
// use except where a method says otherwise.
type trial struct {
	ctx     context.Context
	name    string // of the test
	harness Harness
	ledger  *ledger
	store   core.RefreshStore   // records its calls in the ledger
	clients []core.RefreshStore // what concurrent calls are spread over; store is the first
	opened  core.RefreshStore   // as the harness returned it
	cancel  context.CancelFunc
	hooks   chan func(*testing.T)
	races   int           // that contend has run
	quit    chan struct{} // closed when the test no longer serves hooks
}

func newTrial(t *testing.T, h Harness, opened core.RefreshStore) *trial {
	tr := &trial{
		name: t.Name(), harness: h, ledger: &ledger{active: time.Now()},
		hooks: make(chan func(*testing.T)), quit: make(chan struct{}),
	}
	tr.ctx, tr.cancel = context.WithCancel(t.Context())
	tr.use(opened)
	return tr
}

// use makes the store that the harness returned the one under test.
func (t *trial) use(opened core.RefreshStore) {
	t.opened = opened
	t.store = t.ledger.watch("", opened)
	t.clients = []core.RefreshStore{t.store}
}

// as returns the same trial through another client of the data.
func (t *trial) as(client core.RefreshStore) *trial {
	other := *t
	other.store = client
	return &other
}

// supervise runs the check and, meanwhile, what it asks of the harness. If the
// check stalls that is a violation, and supervise leaves it: calls that watch their
// context are released, others stay behind.
func (t *trial) supervise(tt *testing.T, check func()) {
	done := make(chan struct{})
	defer close(t.quit)
	defer t.cancel()
	go func() {
		defer close(done)
		check()
	}()
	limit := t.harness.timeout()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case hook := <-t.hooks:
			hook(tt)
			t.ledger.touch()
		case <-timer.C:
			idle := t.ledger.idle()
			if idle < limit {
				timer.Reset(limit - idle)
				continue
			}
			t.ledger.stall(limit)
			t.cancel()
			select {
			case <-done: // what watches its context is released before the harness cleans up
			case <-time.After(min(limit, time.Second)):
			}
			return
		}
	}
}

// onTest runs a function of the harness on the test's goroutine.
func (t *trial) onTest(hook func(*testing.T)) {
	done := make(chan struct{})
	select {
	case t.hooks <- func(tt *testing.T) { hook(tt); close(done) }:
	case <-t.quit:
		runtime.Goexit()
	}
	select {
	case <-done:
	case <-t.quit:
		runtime.Goexit() // the harness ended the test
	}
}

// peer returns a second client of the data, recorded.
func (t *trial) peer() core.RefreshStore {
	var peer core.RefreshStore
	t.onTest(func(tt *testing.T) { peer = t.harness.Peer(tt, t.opened) })
	if peer == nil {
		t.fail("Harness.Peer returns a store", "nil")
		return t.store
	}
	return t.ledger.watch("peer.", peer)
}

// reopen closes the store and goes on with the same data opened again. Nothing
// else may use the trial meanwhile.
func (t *trial) reopen() {
	if t.failed() {
		return
	}
	var again core.RefreshStore
	t.onTest(func(tt *testing.T) { again = t.harness.Reopen(tt, t.opened) })
	if again == nil {
		t.fail("Harness.Reopen returns a store", "nil")
		return
	}
	t.use(again)
}

// crashing makes a store that can crash the one under test, and returns a function
// that kills its process and goes on with the same data opened again. The calls of
// others meanwhile, through the clients there were before, fail.
func (t *trial) crashing() (kill func()) {
	var opened core.RefreshStore
	var again func() core.RefreshStore
	t.onTest(func(tt *testing.T) { opened, again = t.harness.Crash(tt) })
	if opened == nil || again == nil {
		t.fail("Harness.Crash returns a store and a function", "nil")
		return func() {}
	}
	t.use(opened)
	return func() {
		var s core.RefreshStore
		t.onTest(func(*testing.T) { s = again() })
		if s == nil {
			t.fail("the function of Harness.Crash returns a store", "nil")
			return
		}
		t.use(s)
	}
}

// disconnecting makes a store behind a network that fails the one under test, and
// returns the function that makes it fail or mends it.
func (t *trial) disconnecting() (network func(Fault)) {
	var opened core.RefreshStore
	var set func(Fault)
	t.onTest(func(tt *testing.T) { opened, set = t.harness.Disconnect(tt) })
	if opened == nil || set == nil {
		t.fail("Harness.Disconnect returns a store and a function", "nil")
		return func(Fault) {}
	}
	t.use(opened)
	var mu sync.Mutex
	return func(f Fault) {
		mu.Lock()
		defer mu.Unlock()
		set(f)
	}
}

// broken makes the store unable to answer.
func (t *trial) broken() {
	t.onTest(func(tt *testing.T) { t.harness.Break(tt, t.opened) })
}

// late reports whether a call that failed may take effect after it returned.
func (t *trial) late() bool { return t.harness.Disconnect != nil }

// dump returns every byte that the store holds.
func (t *trial) dump() []byte {
	var data []byte
	t.onTest(func(tt *testing.T) { data = t.harness.Dump(tt, t.opened) })
	return data
}

func (t *trial) failed() bool { return t.ledger.first() != nil }

// fail notes a violation with the calls made until now.
func (t *trial) fail(expected, seen string) {
	t.ledger.violate(&violation{expected: expected, seen: seen, calls: t.ledger.calls()})
}

// failAbout is fail where some records are in question: it shows the calls that touched
// one of them or its user.
func (t *trial) failAbout(expected, seen string, records ...core.Record) {
	t.ledger.violate(&violation{expected: expected, seen: seen, calls: t.ledger.callsAbout(records)})
}

// call makes a call through the trial's client.
func (t *trial) call(c call) result { return c.on(t.ctx, t.store) }

// must makes a call that has to succeed. After a violation it makes none.
func (t *trial) must(c call) result {
	if t.failed() {
		return result{}
	}
	r := t.call(c)
	if r.err != nil {
		t.fail(string(c.method)+" succeeds", r.format(c.method))
	}
	return r
}

// refused makes a call that has to fail with the sentinel given. After a violation
// it makes none.
func (t *trial) refused(c call, want error) {
	if t.failed() {
		return
	}
	r := t.call(c)
	if !isJust(r.err, want) {
		t.fail(fmt.Sprintf("%s is %s", c.method, formatErr(want)), r.format(c.method))
	}
}
