package storetest

import (
	"context"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// process is a store that can be killed: what it holds is gone then but for what it
// wrote to its disk.
type process struct {
	*model
	dead bool // under the model's lock
	// write is what it does on its disk for a call, under the model's lock, before
	// it acknowledges the call.
	write func(d *disk, c call)
	disk  *disk
}

func (p *process) client() storeFunc {
	return p.with(func(s state, c call) result {
		if p.dead {
			return result{err: errDriver}
		}
		r := s.apply(c)
		if c.method.writes() && r.err == nil {
			p.write(p.disk, c)
		}
		return r
	})
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

// crashing makes a harness of a store that can crash, and writes to its disk as
// write says.
func crashing(write func(d *disk, c call)) func() Harness {
	return crashingWith(write, unchanged, (*disk).survives)
}

// crashingWith is crashing with a client of the process and with what a crash does to
// the disk.
func crashingWith(write func(d *disk, c call), client func(storeFunc) storeFunc, crash func(d *disk)) func() Harness {
	return func() Harness {
		return Harness{
			Open: func(*testing.T) core.RefreshStore { return storeFunc(newModel().answer) },
			Crash: func(*testing.T) (core.RefreshStore, func() core.RefreshStore) {
				d := &disk{state: state{}}
				start := func() *process { return &process{model: &model{state: d.read()}, disk: d, write: write} }
				p := start()
				return client(p.client()), func() core.RefreshStore {
					p.kill()
					crash(d)
					p = start()
					return client(p.client())
				}
			},
			Crashes: 50,
		}
	}
}

func unchanged(f storeFunc) storeFunc { return f }

func (d *disk) survives() {}

// tearing makes a client that revokes what is beyond a limit in one transaction and
// creates in another.
func tearing(inner storeFunc) storeFunc {
	return func(ctx context.Context, c call) result {
		if c.method == create && c.limit > 0 {
			live := inner(ctx, call{method: listUser, userID: c.record.UserID, at: c.record.IssuedAt})
			var evicted []core.Record
			for _, r := range beyond(live.records, c.limit) {
				evicted = append(evicted, inner(ctx, revokesOne(r.ID, c.record.IssuedAt)).records...)
			}
			pause()
			c.limit = 0
			r := inner(ctx, c)
			r.records = evicted
			return r
		}
		return inner(ctx, c)
	}
}

var brokenCrash = []broken{
	{
		bug:     "keeps nothing over a crash",
		harness: crashing(func(*disk, call) {}),
		races:   "Crash/Acknowledged",
	},
	{
		bug: "acknowledges what it writes with the next call, and crashes",
		harness: func() Harness {
			var last call
			var its *disk
			return crashing(func(d *disk, c call) {
				if its == d {
					d.write(last)
				}
				its, last = d, c
			})()
		},
		races: "Crash/Acknowledged",
	},
	{
		bug: "keeps exchanges in memory, and crashes",
		harness: crashing(func(d *disk, c call) {
			if c.method != exchange {
				d.write(c)
			}
		}),
		races: "Crash/Acknowledged",
	},
	{
		bug: "keeps deletions in memory, and crashes",
		harness: crashing(func(d *disk, c call) {
			if c.method != deleteExpired {
				d.write(c)
			}
		}),
		races: "Crash/Acknowledged",
	},
	{
		bug: "keeps revocations in memory, and crashes",
		harness: crashing(func(d *disk, c call) {
			if c.method != revoke {
				d.write(c)
			}
		}),
		races: "Crash/Acknowledged",
	},
	{
		bug: "does not write down what a limit revokes, and crashes",
		harness: crashing(func(d *disk, c call) {
			c.limit = 0
			d.write(c)
		}),
		races: "Crash/Acknowledged",
	},
	{
		bug:     "revokes beyond a limit in one transaction and creates in another, and crashes",
		harness: crashingWith((*disk).write, tearing, (*disk).survives),
		races:   "Crash/Acknowledged",
	},
	{
		bug: "loses some of the older records when it is opened after a crash",
		harness: crashingWith((*disk).write, unchanged, func(d *disk) {
			d.mu.Lock()
			defer d.mu.Unlock()
			for id := range d.state {
				if len(d.state) <= 30 {
					return
				}
				delete(d.state, id)
			}
		}),
		races: "Crash/Acknowledged",
	},
}
