package boltstore

import (
	"errors"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

var (
	// errUnchanged ends a transaction in which nothing was written, so that it
	// is rolled back and waits for no disk.
	errUnchanged = errors.New("nothing has changed")
	// errApart ends a transaction in which one of several writes failed halfway.
	// Each is to have a transaction of its own.
	errApart = errors.New("one of several writes has failed")
)

// transact runs f in a transaction, which it commits if f returns nil and rolls
// back otherwise.
func (c *committer) transact(f func(*buckets) error) error {
	return c.useFile(func() error {
		return c.db.Update(func(tx *bbolt.Tx) error { return c.names.run(tx, f) })
	})
}

// view runs f in a transaction that only reads.
func (c *committer) view(f func(*buckets) error) error {
	return c.useFile(func() error {
		return c.db.View(func(tx *bbolt.Tx) error { return c.names.run(tx, f) })
	})
}

// useFile calls f, which runs a transaction. Where bbolt itself panics it may keep its
// locks, and who came later would wait for ever: from then on all calls fail.
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
		err = fmt.Errorf("the file is damaged and not used again until it is opened anew: %w", err)
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

// answer settles the errors of writes whose transaction ended with err. Where it
// failed none of their own outcomes holds: even a conflict may be one with another
// of them, which has not taken place.
func answer(writes []*write, err error) {
	if err == nil || errors.Is(err, errUnchanged) {
		return
	}
	for _, w := range writes {
		w.err = err
	}
}
