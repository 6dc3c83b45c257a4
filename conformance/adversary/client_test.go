package adversary_test

import "time"

// client is a browser whose tabs share a jar, an app without cookies, or a thief.
type client struct {
	name  string
	user  string // who logs in here
	thief bool
	app   bool // speaks to TokenEndpoint
	jar   pair
	// applying is the answer whose lines are partly in the jar.
	applying *request
	// visit is what the last login began whose cookies the jar got.
	visit *visit
	// left says that the cookies of a logout came last, where there is one of the session.
	left bool
	// overtaken says that an answer to an earlier visit came after it.
	overtaken bool
	// bag is all that a thief has got, the newest last.
	bag []pair
}

// visit is what a login begins: the time during which a browser is to be the user.
type visit struct {
	user    string
	session string
}

// apply puts the next line of the answer into the jar, or all of it into the bag.
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
}

// mayApply reports whether the answer can go into the jar now: a browser sets all
// cookies of one answer before those of another.
func (c *client) mayApply(r *request) bool {
	return c.applying == nil || c.applying == r
}

// session returns the session of the refresh token in the jar.
func (c *client) session() string { return read(c.jar.refresh).session }

// due returns when the access token in the jar expires.
func (w *world) due(c *client) time.Time { return w.access.issued[c.jar.access].ExpiresAt }
