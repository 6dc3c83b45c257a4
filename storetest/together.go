package storetest

import (
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

const (
	// crowd is how many goroutines call at once.
	crowd = 12
	// maxRounds is how often a race is run and maxHistories how many histories
	// are recorded; on a slow store as many as begin within roundsTime, at
	// least minRounds.
	maxRounds, maxHistories, minRounds = 40, 300, 3
	roundsTime                         = time.Second
)

// rounds counts the rounds of a race. It ends at a violation.
func (t *trial) rounds() iter.Seq[int] { return t.roundsFor(roundsTime, maxRounds) }

// roundsFor is rounds with another time for a slow store, and another bound.
func (t *trial) roundsFor(limit time.Duration, most int) iter.Seq[int] {
	return func(yield func(int) bool) {
		start := time.Now()
		for i := range most {
			if t.failed() || i >= minRounds && time.Since(start) > limit || !yield(i) {
				return
			}
		}
	}
}

// together runs n functions at once, spread over the clients, and waits for them.
func (t *trial) together(n int, f func(i int, client core.RefreshStore)) {
	start := make(chan struct{})
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			<-start
			f(i, t.clients[i%len(t.clients)])
		})
	}
	close(start)
	running.Wait()
}

// contend is together, half of the times among readers of that user who keep the
// store's locks busy. Then the functions queue for a lock, and one that gives it up
// between two steps finds the others before it: a window of nanoseconds is met.
func (t *trial) contend(user string, n int, f func(i int, client core.RefreshStore)) {
	t.races++
	if t.races%4 >= 2 {
		defer t.readersOf(user)()
	}
	t.together(n, f)
}

const (
	// readers is how many keep the locks busy.
	readers = 4
	// quickRead is how long a read takes at most on a store that needs them. On a slow
	// store other calls come between two steps anyway.
	quickRead = 100 * time.Microsecond
	// queueTime is longer than a waiter for a Go mutex lets others overtake it.
	queueTime = 3 * time.Millisecond
)

// readersOf starts callers who list the user without a pause, and returns the function
// that ends them. Nobody looks at what they are answered.
func (t *trial) readersOf(user string) (end func()) {
	start := time.Now()
	for range 4 {
		t.read(user)
	}
	if time.Since(start) > 4*quickRead {
		return func() {}
	}
	var over atomic.Bool
	var running sync.WaitGroup
	for range readers {
		running.Go(func() {
			for begun := time.Now(); !over.Load() && time.Since(begun) < 100*queueTime; {
				t.read(user)
			}
		})
	}
	return func() { over.Store(true); running.Wait() }
}

// read lists the user past the ledger, which would be in the way.
func (t *trial) read(user string) {
	defer func() { _ = recover() }() // a panic shows in the calls that are looked at
	_, _ = t.opened.ListUser(t.ctx, user, base)
}

// callTogether makes calls about that user at once, spread over the clients, and returns
// their results in the order of the calls.
func (t *trial) callTogether(user string, calls []call) []result {
	results := make([]result, len(calls))
	t.contend(user, len(calls), func(i int, client core.RefreshStore) {
		results[i] = calls[i].on(t.ctx, client)
	})
	return results
}
