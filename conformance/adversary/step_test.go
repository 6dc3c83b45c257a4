package adversary_test

import (
	"context"
	"slices"
	"time"
)

// step is one event.
func (w *world) step() {
	switch n := w.rng.IntN(100); {
	case n < 50 && len(w.requests) > 0:
		w.progress(w.requests[w.rng.IntN(len(w.requests))])
	case n < 72 && len(w.requests) < 8:
		w.act(w.clients[w.rng.IntN(len(w.clients))])
	case n < 90:
		w.pass(w.while())
	case n < 93:
		w.forge()
	case n < 96:
		w.setBack()
	case n < 98 && w.thief:
		w.steal()
	case n < 99 && w.idle > 0:
		w.cleanUp()
	}
	w.sweep()
}

// sweep forgets the requests that are over.
func (w *world) sweep() {
	w.requests = slices.DeleteFunc(w.requests, func(r *request) bool {
		if r.stage == over {
			r.cancel()
		}
		return r.stage == over
	})
}

func (w *world) shuffled() []*request {
	requests := slices.Clone(w.requests)
	w.rng.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
	return requests
}

// while returns how long nothing happens: a moment, or until something is just
// due, or long.
func (w *world) while() time.Duration {
	edges := []time.Duration{w.grace, w.expiry, w.expiry - w.before, w.grace / 2, w.expiry + w.grace}
	switch n := w.rng.IntN(10); {
	case n < 4:
		return time.Duration(w.rng.IntN(2000)) * time.Millisecond
	case n < 6:
		// What the first client holds is about to expire, or has just expired.
		if d := w.due(w.clients[0]).Sub(w.now) - w.before; d > 0 && d < 2*w.expiry {
			return d + w.nearly()
		}
		return w.expiry + w.nearly()
	case n < 9:
		return max(edges[w.rng.IntN(len(edges))]+w.nearly(), 0)
	default:
		return time.Duration(w.rng.Int64N(int64(w.life) / 20)).Truncate(time.Millisecond)
	}
}

// nearly returns a millisecond too early, or just in time, or a little late.
func (w *world) nearly() time.Duration {
	return []time.Duration{-time.Millisecond, 0, time.Millisecond, 300 * time.Millisecond}[w.rng.IntN(4)]
}

func (w *world) fate() fate {
	if w.chance(8) {
		return fails
	}
	return goesOn
}

// progress moves a request on by one step, or loses it.
func (w *world) progress(r *request) {
	switch {
	case r.stage == sent && w.chance(6):
		w.lose(r)
	case r.stage == sent:
		if w.chance(5) && r.kind != login && r.kind != logout {
			w.count("repeated requests")
			again := w.send(r.from, r.kind, r.pair)
			again.after, again.left = r.after, r.left
		}
		w.arrive(r)
	case r.stage == running && w.chance(4):
		w.tracef("%v is cancelled", r)
		w.count("cancelled requests")
		r.cancel()
	case r.stage == running:
		w.goOn(r, w.fate())
	case !r.from.mayApply(r):
	case len(r.lines) == 0, len(r.lines) == len(r.all) && w.chance(12):
		w.lose(r)
	default:
		w.apply(r)
		if r.stage == over && r.kind != login && r.kind != logout && w.chance(3) {
			w.count("repeated answers")
			again := *r
			again.stage, again.lines = answered, again.all
			w.requests = append(w.requests, &again)
		}
	}
}

// forge sends what was never issued.
func (w *world) forge() {
	c := w.clients[w.rng.IntN(len(w.clients))]
	forged := &client{name: "forger", user: c.user, thief: true}
	p := c.jar
	if len(c.bag) > 0 {
		p = c.bag[0]
	}
	switch b := []byte(p.refresh); {
	case len(b) == 0 || w.chance(25):
		p.refresh = "junk"
	case w.chance(33):
		b[w.rng.IntN(len(b))] ^= 1
		p.refresh = string(b)
	case w.chance(50):
		p.refresh = string(b[:len(b)/2])
	default:
		p.refresh = forgery
	}
	if w.chance(50) {
		p.access = "junk"
	}
	w.clean(w.send(forged, []kind{refresh, grant}[w.rng.IntN(2)], p))
}

// cleanUp deletes what Schema.RunCleanup deletes.
func (w *world) cleanUp() {
	w.tracef("expired records are deleted")
	if _, err := w.store.DeleteExpired(context.Background(), w.now.Add(-max(time.Minute, w.grace)), 500); err != nil {
		panic(err)
	}
}
