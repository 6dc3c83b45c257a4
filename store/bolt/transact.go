package boltstore

import (
	"errors"
	"fmt"

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
// back otherwise. A panic, of f or of bbolt in a file that is damaged, is an error:
// the goroutine that it would end works for others too.
func (c *committer) transact(f func(*buckets) error) (err error) {
	defer recovered(&err)
	return c.db.Update(func(tx *bbolt.Tx) error {
		b, err := c.names.in(tx)
		if err != nil {
			return err
		}
		return f(b)
	})
}

// recovered makes an error of a panic. It is to be deferred.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v", p)
	}
}

// runAll runs the writes whose contexts have not ended. If it returns nil, their
// outcomes are true once the transaction is committed.
func runAll(b *buckets, writes []*write) error {
	for _, w := range writes {
		if w.err = w.ctx.Err(); w.err != nil {
			continue
		}
		before := b.writes
		if w.err = runOne(b, w); w.err == nil || b.writes == before {
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

func runOne(b *buckets, w *write) (err error) {
	defer recovered(&err)
	return w.run(b)
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
