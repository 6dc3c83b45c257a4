package adversary_test

import (
	"math"
	"time"
)

// The precondition of ownerStays: a request that presents a token that another has
// exchanged meanwhile is done within Grace of that, or lost. Time passes freely until something of the owner's
// is about to fall out of the window; in the last millisecond of that, what is under way is
// settled: requests arrive or are lost, answers are applied or lost, and a browser
// that still holds a token that was exchanged repeats the refresh, with success.

// pass lets time pass, and keeps the window where the owner is alone.
func (w *world) pass(d time.Duration) {
	target := w.now.Add(d)
	for w.alone() {
		limit := w.limit()
		if target.Before(limit) {
			break
		}
		last := limit.Add(-time.Millisecond)
		if last.After(w.now) {
			w.now = last
		}
		w.settle()
		if !w.limit().After(limit) {
			violated(ownerStays, "in the window that ends at %v the owner could not get up to date", limit.Sub(start))
		}
	}
	w.now = target
}

var never = time.UnixMilli(math.MaxInt64 / 2)

// limit returns the first moment at which something of the owner's is outside the
// window.
func (w *world) limit() time.Time {
	limit := never
	add := func(t time.Time, ok bool) {
		if end := t.Add(w.window); ok && end.Before(limit) {
			limit = end
		}
	}
	for _, r := range w.requests {
		switch r.stage {
		case running:
			add(r.arrived, true)
			add(w.replaced(r.session, r.generation))
		case sent:
			add(w.replaced(r.session, r.generation))
			add(w.endOf(r.session))
		case answered:
			m := read(r.got.refresh)
			add(w.replaced(m.session, m.generation))
			// An answer to an exchange that is forgotten and made again would
			// bring an older pair of the same generation.
			add(r.finished, w.forgets)
		}
	}
	for _, c := range w.clients {
		m := read(c.jar.refresh)
		// A store that forgot the exchange has no use for a repetition.
		if t, ok := w.store.look(m.session); ok && t.Live(w.now) && t.Generation > m.generation {
			add(w.replaced(m.session, m.generation))
		}
	}
	return limit
}

// replaced returns when the generation of the session was exchanged.
func (w *world) replaced(session string, generation int64) (time.Time, bool) {
	at, ok := w.exchanges[session][generation]
	return at, ok
}

// endOf returns when the session ended or will.
func (w *world) endOf(session string) (time.Time, bool) {
	if session == "" {
		return time.Time{}, false
	}
	t, ok := w.store.look(session)
	return end(t), ok
}

// settle ends everything that is under way and brings the owner up to date.
func (w *world) settle() {
	w.tracef("the window closes")
	for _, r := range w.requests {
		if r.stage == sent {
			if w.chance(50) {
				w.lose(r)
			} else {
				w.arrive(r)
			}
		}
		for r.stage == running {
			w.goOn(r, w.fate())
		}
	}
	for _, r := range w.shuffled() {
		if r.stage == answered && (r.from.applying == r || w.chance(50)) {
			w.applyAll(r)
		}
	}
	for _, r := range w.requests {
		w.lose(r)
	}
	w.sweep()
	for _, c := range w.clients {
		m := read(c.jar.refresh)
		if t, ok := w.store.look(m.session); ok && t.Live(w.now) && t.Generation > m.generation {
			w.count("repetitions in time")
			w.clean(w.send(c, c.refreshes(), c.presents(c.refreshes())))
		}
	}
}

// applyAll applies the answer, after what is being applied.
func (w *world) applyAll(r *request) {
	if before := r.from.applying; before != nil && before != r {
		w.applyAll(before)
	}
	for len(r.lines) > 0 {
		w.apply(r)
	}
	r.stage = over
}

// clean sends the request through without any trouble.
func (w *world) clean(r *request) {
	w.arrive(r)
	for r.stage == running {
		w.goOn(r, goesOn)
	}
	w.applyAll(r)
	w.sweep()
}

// lose makes the request, or its answer, get lost.
func (w *world) lose(r *request) {
	if r.stage == over {
		return
	}
	w.tracef("%v is lost", r)
	r.stage = over
}
