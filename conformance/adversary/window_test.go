package adversary_test

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// The precondition of ownerStays: when a refresh token can be exchanged, nothing that
// presents an older one of its session is on its way. That moment is never earlier than
// core allows: see exchangeable. Time passes freely until it comes. In the last millisecond
// before, whatever is on its way is settled: requests arrive or are lost, and so are
// responses, and a browser writes its jar to the disk or is killed.
//
// If Grace limits retries, a client whose token was exchanged has repeated the refresh
// within Grace too, with success.

// held is a refresh token of the owner's, somewhere.
type held struct {
	session    string
	generation int64
	// exchangeable is the first moment at which a server would exchange it; never if
	// nothing can present it.
	exchangeable time.Time
}

// held returns all refresh tokens of the owner's.
func (w *world) held() []held {
	var all []held
	add := func(m mapping, at time.Time) {
		if m.session != "" {
			all = append(all, held{m.session, m.generation, at})
		}
	}
	for _, r := range w.requests {
		switch {
		case r.from.thief:
		case r.stage == answered:
			m := w.ledger.refresh[r.got.refresh]
			add(m, never)
		case r.refreshes():
			add(r.mapping, w.exchangeable(r.mapping, r.pair.access))
		}
	}
	for _, c := range w.owners() {
		m := w.ledger.refresh[c.jar.refresh]
		access := c.jar.access
		if c.app && c.presents < 100 {
			access = ""
		}
		add(m, w.exchangeable(m, access))
		add(w.ledger.refresh[c.saved.refresh], never)
	}
	return all
}

// exchangeable returns the first moment at which a server exchanges the refresh token,
// presented with that access token: that is no longer young, and the access token can be
// refreshed, by the clock that is most ahead.
func (w *world) exchangeable(m mapping, access string) time.Time {
	at := m.issued.Add(w.young())
	if c, ok := w.access.issued[access]; ok && c.SessionID == m.session {
		from := c.ExpiresAt
		if from.Before(m.deadline) {
			from = from.Add(-w.before)
		}
		at = later(at, from)
	}
	return at.Add(-w.fastest)
}

// young is for how long a refresh token without an access token gets its own pair again.
func (w *world) young() time.Duration {
	young := min(w.expiry-w.before-time.Second, lateResponse)
	if w.grace != 0 {
		young = min(young, w.grace)
	}
	return max(young, 0)
}

var never = time.UnixMilli(math.MaxInt64 / 2)

// limit returns the first moment at which something must be settled, and the session.
func (w *world) limit() (limit time.Time, session string) {
	limit = never
	add := func(at time.Time, of string) {
		if at = at.Add(w.late); at.Before(limit) {
			limit, session = at, of
		}
	}
	all := w.held()
	for _, x := range all {
		for _, y := range all {
			if x.session == y.session && x.generation < y.generation {
				add(y.exchangeable, x.session)
			}
		}
	}
	for _, r := range w.requests {
		switch at, ok := w.endOf(r.session); {
		case !w.logins:
		case r.isVisit() && r.stage == running:
			add(r.arrived.Add(lateResponse), r.session)
		case !ok || !r.refreshes() || r.stage != sent:
		case at.Add(lateResponse).After(w.now) || w.visiting(r.from): // see actRefresh
			add(at.Add(lateResponse), r.session)
		}
	}
	if w.limited {
		w.limitByGrace(add)
	}
	return limit, session
}

// window is how long the owner takes at most to put things right where Grace is limited.
// By the clock that is ahead it closes earlier.
func (w *world) window() time.Duration { return max(w.grace, 0) - w.spread }

// limitByGrace adds the moments at which something of the owner's is no retry any more.
func (w *world) limitByGrace(add func(time.Time, string)) {
	within := func(since time.Time, ok bool, session string) {
		if ok {
			add(since.Add(w.window()), session)
		}
	}
	replaced := func(m mapping) (time.Time, bool, string) {
		at, ok := w.exchanges[m.session][m.generation]
		return at, ok, m.session
	}
	for _, r := range w.requests {
		switch {
		case r.from.thief || !r.refreshes():
		case r.stage == answered:
			within(replaced(w.ledger.refresh[r.got.refresh]))
			// A response to an exchange that is forgotten and made again would
			// bring an older pair of the same generation.
			within(r.finished, w.forgets, r.session)
		case r.stage == running:
			within(r.arrived, true, r.session)
			within(replaced(r.mapping))
		default:
			within(replaced(r.mapping))
		}
	}
	for _, call := range w.store.late {
		within(call.at, true, call.session)
	}
	for _, c := range w.owners() {
		if c.saved != c.jar {
			within(replaced(w.ledger.refresh[c.saved.refresh]))
		}
		// A store that forgot the exchange has no use for a repetition.
		if m := w.ledger.refresh[c.jar.refresh]; w.behind(m) {
			within(replaced(m))
		}
	}
}

// behind reports whether the record, which is live, has moved on.
func (w *world) behind(m mapping) bool {
	r, ok := w.store.look(m.session)
	return ok && r.Live(w.now) && r.Generation > m.generation
}

// endOf returns when the session ended or will.
func (w *world) endOf(session string) (time.Time, bool) {
	if session == "" {
		return time.Time{}, false
	}
	r, ok := w.store.look(session)
	return end(r), ok
}

// keep settles what must be settled now.
func (w *world) keep() {
	for w.alone() {
		limit, session := w.limit()
		if limit.After(w.now) {
			return
		}
		w.count("windows that close at once")
		w.close(limit, session)
	}
}

// pass lets time pass, and keeps the precondition.
func (w *world) pass(d time.Duration) {
	target := w.now.Add(d)
	for w.alone() {
		limit, session := w.limit()
		if target.Before(limit) {
			break
		}
		w.now = later(w.now, limit.Add(-time.Millisecond))
		w.close(limit, session)
	}
	w.now = target
}

// close settles the session's window that ends at that moment.
func (w *world) close(limit time.Time, session string) {
	w.tracef("the window of %v closes", mapping{session: session})
	w.count("windows that close")
	those := func(r *request) bool {
		if r.isVisit() {
			return r.stage == running && !r.arrived.Add(lateResponse).After(limit)
		}
		return r.refreshes() && !r.from.thief && (r.session == session || w.ledger.refresh[r.got.refresh].session == session)
	}
	if w.now.Before(limit) {
		// Nothing can be exchanged yet, so that the order does not matter.
		for _, c := range w.owners() {
			if w.ledger.refresh[c.jar.refresh].session == session {
				w.actRefresh(c)
			}
		}
		w.settle(w.shuffled(), those)
	} else {
		w.settle(w.oldestFirst(), those)
	}
	for _, c := range w.owners() {
		if w.ledger.refresh[c.saved.refresh].session != session || c.saved == c.jar {
			continue
		}
		if w.chance(50) {
			w.kill(c)
		} else {
			w.save(c)
		}
	}
	if w.limited {
		w.catchUp(session)
	}
	if next, of := w.limit(); of == session && !next.After(limit) {
		violated(ownerStays, "in the window that ends at %v the owner could not get up to date", limit.Sub(start))
	}
}

// settle ends everything of those requests that is under way, in that order.
func (w *world) settle(requests []*request, those func(*request) bool) {
	for _, r := range requests {
		if !those(r) {
			continue
		}
		if r.stage == sent {
			at, ok := w.endOf(r.session)
			if w.chance(50) || ok && w.alone() && !w.now.Before(at.Add(lateResponse)) {
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
		if those(r) && r.stage == answered && (r.from.applying == r || w.chance(50)) {
			w.applyAll(r)
		}
	}
	for _, r := range w.requests {
		if those(r) {
			w.lose(r)
		}
	}
	w.sweep()
}

// catchUp has the owner repeat the refreshes of the session whose response was lost.
func (w *world) catchUp(session string) {
	for i := len(w.store.late) - 1; i >= 0; i-- {
		w.store.takeEffect()
	}
	for _, c := range w.owners() {
		if m := w.ledger.refresh[c.jar.refresh]; m.session == session && w.behind(m) {
			w.count("repetitions in time")
			w.clean(w.send(c, c.refreshesBy(), w.present(c)))
			w.save(c)
		}
	}
}

func (w *world) shuffled() []*request {
	requests := slices.Clone(w.requests)
	w.rng.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
	return requests
}

// oldestFirst returns the requests that present an older token before the others.
func (w *world) oldestFirst() []*request {
	requests := w.shuffled()
	slices.SortStableFunc(requests, func(a, b *request) int { return cmp.Compare(a.generation, b.generation) })
	return requests
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
