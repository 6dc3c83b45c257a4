package boltstore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// maxShared is how many calls share a transaction at most, so that the first of
// them does not wait for ever more others.
const maxShared = 256

// committer runs writes in transactions that they share. Who finds it idle leads:
// begins a transaction at once, runs in it all calls that wait by then, its own
// among them, commits, and hands the lead to the first that came too late. So
// nobody waits for a timer, and no goroutine is needed but those of the callers.
// It is safe for concurrent use.
type committer struct {
	db     *bbolt.DB
	names  names
	broken atomic.Pointer[error] // set for good when the file can't be used any more

	mu    sync.Mutex
	led   bool     // somebody leads
	queue []*write // in the order in which they came
}

// write is a call that waits for its transaction, or is in it.
type write struct {
	ctx context.Context
	// run does the work. It decides and encodes everything before it writes
	// anything, and may be run again after a transaction that was rolled back.
	run func(*buckets) error
	err error
	// turn tells the caller what it waits for: true to lead, or false that err
	// is the answer.
	turn  chan bool
	leads bool // turn was told true; guarded by committer.mu
}

// do runs a write and returns its error, or that of the commit. It returns after
// what the write has changed is safely in the file. A context that ends while the
// write waits for its transaction ends it, with nothing changed; a write that is in
// its transaction goes on to its outcome.
func (c *committer) do(ctx context.Context, run func(*buckets) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	own := &write{ctx: ctx, run: run, turn: make(chan bool, 1)}
	if c.enqueue(own) || c.await(own) {
		c.lead(own)
	}
	return own.err
}

// enqueue reports whether the caller is to lead.
func (c *committer) enqueue(own *write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, own)
	own.leads = !c.led
	c.led = true
	return own.leads
}

// await reports whether the caller is to lead; if not, the write is over.
func (c *committer) await(own *write) bool {
	select {
	case lead := <-own.turn:
		return lead
	case <-own.ctx.Done():
	}
	if c.leave(own) {
		own.err = own.ctx.Err()
		return false
	}
	return <-own.turn
}

// leave takes a write out of the queue, and reports false if it is there no more.
func (c *committer) leave(own *write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.queue, own)
	if i < 0 {
		return false
	}
	c.queue = slices.Delete(c.queue, i, i+1)
	if own.leads {
		c.handOver()
	}
	return true
}

// handOver lets the first that waits lead. The caller holds c.mu.
func (c *committer) handOver() {
	if len(c.queue) == 0 {
		c.led = false
		return
	}
	c.queue[0].leads = true
	c.queue[0].turn <- true
}

// take takes from the queue what one transaction is to run.
func (c *committer) take() []*write {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.queue), maxShared)
	taken := slices.Clone(c.queue[:n])
	c.queue = slices.Delete(c.queue, 0, n)
	return taken
}

// lead runs the writes that wait, own among them, and lets another lead.
func (c *committer) lead(own *write) {
	var taken []*write
	defer func() {
		for _, w := range taken {
			if w != own {
				w.turn <- false
			}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.handOver()
	}()
	err := c.transact(func(b *buckets) error {
		// While the transaction waited for its turn, more calls have come.
		taken = c.take()
		return runAll(b, taken)
	})
	switch {
	case taken == nil: // the transaction could not begin
		taken = c.take()
		answer(taken, err)
	case errors.Is(err, errApart):
		for i := range taken {
			one := taken[i : i+1]
			answer(one, c.transact(func(b *buckets) error { return runAll(b, one) }))
		}
	default:
		answer(taken, err)
	}
}
