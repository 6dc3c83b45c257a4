package adversary_test

import "net/http"

// finish ends what is under way and asks who is logged in.
func (w *world) finish() {
	w.settle()
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

// finishOwner asks whether the owner is logged in where the last login was.
func (w *world) finishOwner(c *client) {
	if c.visit == nil || c.overtaken {
		return
	}
	w.pass(w.expiry + w.grace)
	t, ok := w.store.look(c.visit.session)
	if !ok || !t.Live(w.now) {
		w.count("sessions that ended")
		return
	}
	r := w.send(c, c.refreshes(), c.presents(c.refreshes()))
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

// finishThief has owner and thief refresh in turn, outside the window, where both
// have tokens of one session.
func (w *world) finishThief(c, thief *client) {
	session := c.session()
	var newest pair
	for _, p := range thief.bag {
		if m := read(p.refresh); m.session == session && session != "" && (newest.refresh == "" || m.generation >= read(newest.refresh).generation) {
			newest = p
		}
	}
	if newest.refresh == "" {
		return
	}
	w.count("sessions of both")
	if t, ok := w.store.look(session); ok && t.Live(w.now) {
		w.count("live sessions of both")
	}
	for range 2 {
		w.now = w.now.Add(w.expiry + w.grace)
		w.clean(w.send(c, c.refreshes(), c.presents(c.refreshes())))
		w.now = w.now.Add(w.expiry + w.grace)
		r := w.send(thief, grant, pair{refresh: newest.refresh})
		w.clean(r)
		if r.got.refresh != "" {
			newest = r.got
		}
	}
	if t, ok := w.store.look(session); ok && t.Live(w.now) {
		violated(neitherStays, "both have refreshed in turn, and %s is live", session[8:12])
	}
}
