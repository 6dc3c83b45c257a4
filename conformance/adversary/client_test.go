package adversary_test

import "time"

// client is a browser whose tabs share a jar, an app without cookies, or a thief.
type client struct {
	name  string
	user  string // who logs in here
	thief bool
	app   bool // speaks to TokenEndpoint
	// presents is how many of 100 of an app's refreshes present the access token.
	// An app with 0 is one that keeps the refresh token alone.
	presents int
	// obeys says that after a 409 it goes on with its access token until that expires.
	obeys bool
	// waits is until when it does.
	waits time.Time

	jar pair
	// saved is the jar as it was written to the disk the last time.
	saved pair
	// applying is the response whose lines are partly in the jar.
	applying *request
	// visit is what the last login began whose cookies the jar got.
	visit *visit
	// left says that the cookies of a logout came last, where there is one of the session.
	left bool
	// overtaken says that a response to an earlier visit came after it.
	overtaken bool
	// bag is all that a thief has got, the newest last.
	bag []pair
}

// visit is what a login begins: the time during which a browser is to be the user.
type visit struct {
	user    string
	session string
}

// newClient returns a client of the owner.
func (w *world) newClient(name string) *client {
	return &client{
		name: name, user: w.users[0], app: w.chance(35), obeys: w.chance(50),
		presents: []int{0, 0, 30, 100}[w.rng.IntN(4)],
	}
}

// apply puts the next line of the response into the jar, or all of it into the bag.
func (w *world) apply(r *request) {
	c := r.from
	l := r.lines[0]
	r.lines = r.lines[1:]
	w.tracef("%v: %s takes %s", r, c.name, l)
	switch {
	case c.thief:
		if l.pair.refresh != "" {
			c.bag = append(c.bag, l.pair)
		}
	default:
		w.applyToJar(r, l)
	}
	if c.applying = r; len(r.lines) == 0 {
		c.applying, r.stage = nil, over
	}
}

func (w *world) applyToJar(r *request, l line) {
	c := r.from
	switch {
	case r.kind == login && r.visit.session != "" && len(r.lines) == len(r.all)-1:
		c.visit, c.overtaken = r.visit, false
	case r.kind == login || c.visit == nil || r.session == c.visit.session:
	case r.deletes && (c.session() == c.visit.session || w.access.issued[c.jar.access].SessionID == c.visit.session) && r.kind != logout && w.alone():
		violated(identityStays, "%v is answered late and deletes the cookies of the login after it", r)
	case !c.overtaken:
		w.count("overtaken logins")
		c.overtaken = true
	}
	if l.access {
		c.jar.access = l.pair.access
	}
	if l.refresh {
		c.jar.refresh = l.pair.refresh
	}
	if l.session && !w.nameless {
		c.jar.session, c.left = l.pair.session, l.pair.session == "none"
	}
	if c.app || !r.issues() && len(r.lines) == 0 {
		// A browser can lose what a refresh brought, but not a login or a logout, which
		// people would see.
		w.save(c)
	}
}

// applyAll applies the response, after what is being applied.
func (w *world) applyAll(r *request) {
	if before := r.from.applying; before != nil && before != r {
		w.applyAll(before)
	}
	w.hear(r)
	for len(r.lines) > 0 {
		w.apply(r)
	}
	r.stage = over
}

// hear has the client understand the status of the response.
func (w *world) hear(r *request) {
	c := r.from
	if c.obeys && r.refreshes() && r.early() {
		c.waits = w.access.issued[r.pair.access].ExpiresAt
		w.count("clients that went on with their access token")
	}
}

// mayApply reports whether the response can go into the jar now: a browser sets all
// cookies of one response before those of another.
func (c *client) mayApply(r *request) bool {
	return c.applying == nil || c.applying == r
}

// session returns the session of the refresh token in the jar.
func (c *client) session() string { return read(c.jar.refresh).session }

// due returns when the access token in the jar expires.
func (w *world) due(c *client) time.Time { return w.access.issued[c.jar.access].ExpiresAt }

// save writes the jar to the disk.
func (w *world) save(c *client) {
	if c.saved == c.jar {
		return
	}
	w.tracef("%s writes %s to the disk", c.name, c.jar)
	c.saved = c.jar
}

// kill ends the client, which starts again with what is on the disk. It leaves requests
// on their way.
func (w *world) kill(c *client) {
	if r := c.applying; r != nil && !r.issues() {
		w.applyAll(r)
	}
	w.tracef("%s is killed, and has %s", c.name, c.saved)
	w.count("killed clients")
	for _, r := range w.requests {
		switch {
		case r.from != c:
		case r.stage == answered:
			w.lose(r)
		default:
			r.orphan = true
		}
	}
	if c.jar != c.saved {
		w.count("jars that fell back")
	}
	c.jar, c.applying, c.waits = c.saved, nil, time.Time{}
}
