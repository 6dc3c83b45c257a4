package adversary_test

import "slices"

// act has the client send a request.
func (w *world) act(c *client) {
	switch n := w.rng.IntN(100); {
	case c.thief:
		w.actThief(c)
	case n < 20:
		w.send(c, page, c.jar)
	case n < 80:
		w.actRefresh(c)
	case !w.logins || w.visiting(c):
		w.send(c, page, c.jar)
	case n < 94:
		w.actLogin(c)
	default:
		w.send(c, logout, c.jar)
	}
}

// refreshesBy is how the client refreshes.
func (c *client) refreshesBy() kind {
	if c.app {
		return grant
	}
	return refresh
}

// present returns what the client presents at a refresh. For an app the access token is
// optional, and most leave it out.
func (w *world) present(c *client) pair {
	if c.app && !w.chance(c.presents) {
		return pair{refresh: c.jar.refresh}
	}
	return c.jar
}

// actRefresh has the client refresh. It returns the request, or nil if the client does
// not want to.
func (w *world) actRefresh(c *client) *request {
	p := w.present(c)
	switch {
	case c.app && p.refresh == "", w.now.Before(c.waits):
		return nil
	case w.alone() && w.visiting(c) && w.over(p.refresh):
		// The refusal of a session that was over before, which crosses with a
		// login, would delete the login's cookies.
		return nil
	}
	return w.send(c, c.refreshesBy(), p)
}

// visiting reports whether a login or a logout of the client is under way: people do
// one thing at a time.
func (w *world) visiting(c *client) bool {
	return slices.ContainsFunc(w.requests, func(r *request) bool {
		return r.from == c && r.isVisit()
	})
}

// over reports whether the session of the token is over.
func (w *world) over(refresh string) bool {
	r, ok := w.store.look(read(refresh).session)
	return !ok || !r.Live(w.now)
}

func (w *world) actLogin(c *client) {
	for _, r := range w.requests {
		// See actRefresh; and two logins in a row that late responses overtake
		// would be one too many.
		switch {
		case r.from != c || !c.overtaken && !w.over(r.pair.refresh):
		case r.stage == running || c.applying == r:
			return
		default:
			w.lose(r)
		}
	}
	c.user = w.users[w.rng.IntN(100)/75]
	p := c.jar
	if w.forgetful {
		p = pair{}
	}
	w.send(c, login, p)
}

// restoreTabs has the client start again after a while, with six tabs that all refresh
// with what is on the disk.
func (w *world) restoreTabs(c *client) {
	w.kill(c)
	w.keep()
	w.pass(w.while())
	w.count("restored tabs")
	for range 6 {
		w.actRefresh(c)
	}
}

// sleep has the client lose the response to a refresh, and nothing happens for hours.
func (w *world) sleep(c *client) {
	r := w.actRefresh(c)
	if r == nil {
		return
	}
	w.keep()
	if r.stage == sent {
		w.arrive(r)
	}
	for r.stage == running {
		w.goOn(r, goesOn)
	}
	if r.stage == answered && r.issues() {
		w.count("hours after a lost response")
	}
	w.lose(r)
	w.pass(w.hours())
}

// actThief has the thief use what it has got: mostly the newest.
func (w *world) actThief(c *client) {
	if len(c.bag) == 0 {
		w.steal()
		return
	}
	p := c.bag[len(c.bag)-1]
	if w.chance(25) {
		p = c.bag[w.rng.IntN(len(c.bag))]
	}
	switch n := w.rng.IntN(100); {
	case p.refresh == "":
	case n < 40:
		w.send(c, grant, pair{refresh: p.refresh})
	case n < 50:
		w.send(c, grant, p)
	case n < 85:
		w.send(c, refresh, p)
	case n < 96:
		w.send(c, page, p)
	case n < 98:
		w.send(c, logout, p)
	default:
		w.send(c, login, p)
	}
}

// steal copies what one of the owner's clients holds: all, or the refresh token
// alone.
func (w *world) steal() {
	owners := w.owners()
	p := owners[w.rng.IntN(len(owners))].jar
	if w.chance(30) {
		p.access = ""
	}
	thief := w.clients[len(w.clients)-1]
	thief.bag = append(thief.bag, p)
	w.tracef("the thief gets %s", p)
}

// rollBack rolls the store back, or one record in it.
func (w *world) rollBack() {
	switch {
	case w.forgets && w.chance(60):
		id := w.store.forget(w.rng)
		if id == "" {
			return
		}
		w.tracef("the store forgets exchanges of %s", id[8:12])
		w.count("forgotten exchanges")
	case w.restores && w.store.restore(w.rng):
		w.tracef("the store is rolled back")
		w.count("times rolled back")
		w.restored = true
	default:
		return
	}
	now := w.store.records()
	for id, exchanges := range w.exchanges {
		for generation := range exchanges {
			if generation >= now[id].Generation {
				w.ledger.forget(id, generation+1)
			}
		}
	}
}
