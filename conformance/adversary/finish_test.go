package adversary_test

import (
	"net/http"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// finish ends what is under way and asks who is logged in.
func (w *world) finish() {
	w.settle(w.oldestFirst(), func(*request) bool { return true })
	w.keep()
	if w.alone() {
		for _, c := range w.clients {
			w.finishOwner(c)
		}
		return
	}
	for _, c := range w.owners() {
		w.finishThief(c, w.clients[len(w.clients)-1])
	}
}

// patience is a time after which every access token can be refreshed, no token is young and
// no limited retry is possible.
func (w *world) patience() time.Duration {
	return w.expiry + max(w.grace, 0) + lateResponse + w.spread
}

// finishOwner asks whether the owner is logged in where the last login was.
func (w *world) finishOwner(c *client) {
	if c.visit == nil || c.overtaken {
		return
	}
	w.pass(w.patience())
	c.waits = time.Time{}
	t, ok := w.store.look(c.visit.session)
	if !ok || !t.Live(w.now.Add(w.fastest)) {
		w.count("sessions that ended")
		return
	}
	r := w.send(c, c.refreshesBy(), w.present(c))
	w.clean(r)
	if r.got.refresh == "" {
		violated(ownerStays, "at the end: %v: %d %s, and the session is live", r, r.status, r.code)
	}
	r = w.send(c, page, c.jar)
	w.clean(r)
	if r.status != http.StatusOK || r.user200 != c.visit.user {
		violated(ownerStays, "at the end: %v: %d, user %q", r, r.status, r.user200)
	}
	w.count("sessions that went on")
}

// finishThief lets owner and thief get up to date where both have tokens of one session.
// Then one of them makes two exchanges, and after that the other refreshes.
func (w *world) finishThief(c, thief *client) {
	session := c.session()
	var newest pair
	for _, p := range thief.bag {
		if m := read(p.refresh); m.session == session && session != "" && (newest.refresh == "" || m.generation >= read(newest.refresh).generation) {
			newest = p
		}
	}
	if newest.refresh == "" || read(newest.refresh).deadline.Before(w.now.Add(7*w.patience())) {
		return
	}
	w.count("sessions of both")
	turns := []func() bool{
		func() bool { return w.turn(c, c.refreshesBy(), &c.jar) },
		func() bool { return w.turn(thief, grant, &newest) },
	}
	w.rng.Shuffle(2, func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	record := func() core.Record {
		r, _ := w.store.look(session)
		return r
	}
	refused := !turns[0]() || !turns[1]()
	if r := record(); refused && r.Live(w.now) {
		return // the jar is mixed up
	}
	if !refused {
		w.count("live sessions of both")
	}
	for last := record().Generation + 1; !refused && record().Generation <= last; {
		refused = !turns[0]()
	}
	if !refused && turns[1]() {
		violated(neitherStays, "a copy of %s that is two exchanges behind is accepted", session[8:12])
	}
	if r := record(); r.Live(w.now) {
		violated(neitherStays, "copies of %s were both used, and it is live", session[8:12])
	}
	w.count("diverging copies that ended the session")
}

// turn has the client refresh after a while, and reports whether that yields a pair.
func (w *world) turn(c *client, k kind, held *pair) bool {
	w.now = w.now.Add(w.patience())
	p := *held
	if c.thief {
		p = pair{refresh: p.refresh}
	}
	r := w.send(c, k, p)
	w.clean(r)
	if r.issues() {
		held.access, held.refresh = r.got.access, r.got.refresh
	}
	return r.issues()
}
