package boltstore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// maxShared is how many calls share a transaction at most, so that the first of
// them does not wait for ever more others.
const maxShared = 256

// committer runs writes in transactions that they share. A caller that finds it idle
// leads: it begins a transaction at once, runs in it all calls that wait by then, its
// own among them, commits, and hands the lead to the first that came too late. So
// no call waits for a timer, and no goroutine is needed but those of the callers.
// It is safe for concurrent use.
type committer struct {
	db     *bbolt.DB
	names  names
	place  place
	broken atomic.Pointer[error] // set for good when the file can't be used any more

	mu    sync.Mutex
	led   bool     // a call leads
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
	// is its result.
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
		settle(taken, err)
	case errors.Is(err, errApart):
		for i := range taken {
			one := taken[i : i+1]
			settle(one, c.transact(func(b *buckets) error { return runAll(b, one) }))
		}
	default:
		settle(taken, err)
	}
}

var (
	// errUnchanged ends a transaction in which nothing was written, so that it
	// is rolled back and waits for no disk.
	errUnchanged = errors.New("nothing has changed")
	// errApart ends a transaction in which one of several writes failed halfway.
	// Each is to have a transaction of its own.
	errApart = errors.New("one of several writes has failed")
)

// transact runs f in a transaction, which it commits if f returns nil and rolls
// back otherwise. If the file is gone, what was committed is lost: from then on all calls fail.
func (c *committer) transact(f func(*buckets) error) error {
	return c.useFile(func() error {
		err := c.db.Update(func(tx *bbolt.Tx) error { return c.names.run(tx, f) })
		if err != nil {
			return err
		}
		if err = c.place.check(); err != nil {
			c.broken.Store(&err)
		}
		return err
	})
}

// view runs f in a transaction that only reads.
func (c *committer) view(f func(*buckets) error) error {
	return c.useFile(func() error {
		return c.db.View(func(tx *bbolt.Tx) error { return c.names.run(tx, f) })
	})
}

// useFile calls f, which runs a transaction. If bbolt itself panics, it may keep its
// locks, and later calls would wait for ever: from then on all calls fail.
func (c *committer) useFile(f func() error) error {
	if broken := c.broken.Load(); broken != nil {
		return *broken
	}
	returned := false
	err := guarded(func() error {
		err := f()
		returned = true
		return err
	})
	if !returned {
		err = fmt.Errorf("the file is damaged and cannot be used until it is opened again: %w", err)
		c.broken.Store(&err)
	}
	return err
}

// run calls f with the buckets in the transaction.
func (n names) run(tx *bbolt.Tx, f func(*buckets) error) error {
	return guarded(func() error {
		b, err := n.in(tx)
		if err != nil {
			return err
		}
		return f(b)
	})
}

// guarded makes an error of a panic, which is how bbolt meets a file that is
// damaged, and of reading a mapped page that the file has lost. The goroutine that
// this would end works for others too, and holds the file.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// runAll runs the writes whose contexts have not ended. If it returns nil, their
// outcomes are true once the transaction is committed.
func runAll(b *buckets, writes []*write) error {
	for _, w := range writes {
		if w.err = w.ctx.Err(); w.err != nil {
			continue
		}
		before := b.writes
		w.err = guarded(func() error { return w.run(b) })
		if w.err == nil || b.writes == before {
			continue
		}
		if len(writes) > 1 {
			return errApart
		}
		return w.err
	}
	if b.writes == 0 {
		return errUnchanged
	}
	return nil
}

// settle sets the errors of writes whose transaction ended with err. If it
// failed, none of their own outcomes holds: even a conflict may be one with another
// of them, which has not taken place.
func settle(writes []*write, err error) {
	if err == nil || errors.Is(err, errUnchanged) {
		return
	}
	for _, w := range writes {
		w.err = err
	}
}
