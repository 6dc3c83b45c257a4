package storetest

import (
	"iter"
	"sync"
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

// callTogether makes the calls at once, spread over the clients, and returns their
// results in the order of the calls.
func (t *trial) callTogether(calls []call) []result {
	results := make([]result, len(calls))
	t.together(len(calls), func(i int, client core.RefreshStore) {
		results[i] = calls[i].on(t.ctx, client)
	})
	return results
}
