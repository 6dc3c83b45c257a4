package storetest

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/tokenauth/tokenauth/core"
)

var crashRules = []rule{
	{
		id: "Crash/Acknowledged",
		text: "A durable store that is killed at any moment loses nothing that it acknowledged, and of what it did not, " +
			"each call is there wholly or not at all.",
		needs:  []ability{needsCrash},
		varies: true,
		check: func(t *trial) {
			kill := t.crashing()
			earlier := crashed{}
			for round := 0; round < t.harness.crashes() && !t.failed(); round++ {
				t.crash(round, kill, earlier)
			}
			if !t.harness.NativeTTL {
				t.crashAndDelete(kill, earlier)
			}
		},
	},
}

// crashAndDelete deletes some records, and the others after a crash: the store knows
// which have expired, and what it deleted stays deleted.
func (t *trial) crashAndDelete(kill func(), all crashed) {
	if t.failed() || len(all) < 2 {
		return
	}
	some := len(all) / 2
	t.deleteExpired(lastMoment, some, some)
	kill()
	t.deleteExpired(lastMoment, len(all), len(all)-some)
	for id := range all {
		t.lacks(id)
	}
}

// What a round of crashes consists of.
const (
	crashGoroutines = 8
	crashUsers      = 6
	crashCalls      = 40 // of each goroutine, as long as the process lives
)

// crashed is what the store held at the end of earlier rounds.
type crashed map[string]core.Record

// crash has many goroutines make calls until the process is killed among them, and
// wants the store to hold what those calls explain, and all that it held before.
func (t *trial) crash(round int, kill func(), earlier crashed) {
	cast := newCast(round, plan{users: crashUsers, records: 4}, base.Add(lifetime), true)
	h := history{late: true}
	t.ledger.reset()
	for _, c := range cast.opening() {
		t.enter(&h, 0, t.store, c, plan{})
	}
	var answered atomic.Int64
	last := 1 + rand.Int64N(crashGoroutines*crashCalls*3/4)
	now := make(chan struct{})
	store := t.store
	var running sync.WaitGroup
	for i := range crashGoroutines {
		running.Go(func() {
			for range crashCalls {
				r := t.enter(&h, i, store, cast.drawCall(plan{}), plan{disturbed: true})
				if r.err != nil && !isSentinel(r.err) {
					return // the process is gone, or the store is broken, which the history tells
				}
				if answered.Add(1) == last {
					close(now)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	select {
	case <-now:
	case <-done:
	}
	kill()
	<-done
	if answered.Load() < last {
		t.fail("calls are answered until the process is killed", "some failed before")
	}
	for _, c := range cast.inspection() {
		t.enter(&h, 0, t.store, c, plan{})
	}
	if v := h.judge(cast.user); v != nil {
		t.ledger.violate(v)
	}
	t.ledger.reset()
	for _, record := range earlier {
		t.holds(record)
	}
	for _, id := range cast.ids {
		if r := t.call(call{method: get, id: id}); r.err == nil {
			earlier[id] = r.record
		}
	}
}
