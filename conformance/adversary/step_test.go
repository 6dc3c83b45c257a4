package adversary_test

import (
	"context"
	"slices"
	"time"
)

// step is one event.
func (w *world) step() {
	owners := w.owners()
	switch n := w.rng.IntN(100); {
	case n < 47 && len(w.requests) > 0:
		w.progress(w.requests[w.rng.IntN(len(w.requests))])
	case n < 69 && len(w.requests) < 8:
		w.act(w.clients[w.rng.IntN(len(w.clients))])
	case n < 83:
		w.pass(w.while())
	case n < 85:
		w.forge()
	case n < 88:
		w.rollBack()
	case n < 90 && w.thief:
		w.steal()
	case n < 91 && w.idle > 0:
		w.cleanUp()
	case n < 93:
		w.save(owners[w.rng.IntN(len(owners))])
	case n < 94 && (!w.logins || w.chance(30)):
		w.restoreTabs(owners[w.rng.IntN(len(owners))])
	case n < 96:
		w.sleep(owners[w.rng.IntN(len(owners))])
	default:
		w.store.takeEffect()
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

// while returns how long nothing happens: a moment, or until something is just
// due, or long.
func (w *world) while() time.Duration {
	edges := []time.Duration{
		max(w.grace, 0), max(w.grace, 0) / 2, w.expiry + max(w.grace, 0),
		w.expiry, w.expiry - w.before, lateResponse,
	}
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
		return w.hours()
	}
}

// hours returns a time that can be long, but not for a session.
func (w *world) hours() time.Duration {
	return time.Duration(w.rng.Int64N(int64(w.life) / 20)).Truncate(time.Millisecond)
}

// nearly returns a millisecond too early, or just in time, or a little late.
func (w *world) nearly() time.Duration {
	return w.pick(-time.Millisecond, 0, time.Millisecond, 300*time.Millisecond)
}

func (w *world) fate() fate {
	switch n := w.rng.IntN(100); {
	case n < 6:
		return fails
	case n < 14:
		return comesLate
	default:
		return goesOn
	}
}

// progress moves a request on by one step, or loses it.
func (w *world) progress(r *request) {
	switch {
	case r.stage == sent && w.chance(6):
		w.lose(r)
	case r.stage == sent:
		if w.chance(5) && !r.isVisit() {
			w.count("repeated requests")
			again := w.send(r.from, r.kind, r.pair)
			again.after, again.left, again.orphan = r.after, r.left, r.orphan
		}
		w.arrive(r)
	case r.stage == running && w.chance(4):
		// The connection is gone, and with it most often the response.
		w.tracef("%v is cancelled", r)
		w.count("cancelled requests")
		r.orphan = r.orphan || w.chance(70)
		r.cancel()
	case r.stage == running:
		w.goOn(r, w.fate())
	case !r.from.mayApply(r):
	case len(r.lines) == len(r.all) && w.chance(12):
		w.lose(r)
	case len(r.lines) == 0:
		w.hear(r)
		r.stage = over
	default:
		w.apply(r)
		if r.stage == over && !r.isVisit() && w.chance(15) {
			w.count("repeated responses")
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
	if _, err := w.store.DeleteExpired(context.Background(), w.now.Add(-time.Minute), 500); err != nil {
		panic(err)
	}
}
