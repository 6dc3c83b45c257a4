package adversary_test

import (
	"net/http"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// How a genuine refresh token stands to its record.
const (
	unknown  = "unknown"
	dead     = "dead"
	stale    = "stale"
	retried  = "retried"
	current  = "current"
	ahead    = "ahead of its record"
	unlooked = ""
)

// standing says what the documentation makes of the token of the request. Grace
// is judged by the arrival, the end of the session by at.
func (w *world) standing(r *request, at time.Time) string {
	t, ok := w.store.look(r.session)
	r.seen, r.found = t, ok
	since := r.arrived.Add(r.on.skew).Sub(t.ExchangedAt)
	switch {
	case !ok:
		return unknown
	case !t.Live(at):
		return dead
	case r.generation > t.Generation:
		return ahead
	case r.generation == t.Generation && r.ref == t.AccessRef:
		return current
	case r.generation == t.Generation-1 && r.ref == t.PreviousRef && (w.grace == 0 || w.grace > 0 && since < w.grace):
		if since >= time.Hour {
			w.count("tokens retried after more than an hour")
		}
		return retried
	default:
		return stale
	}
}

// judge looks at the response to a request whose handler has returned.
func (w *world) judge(r *request) {
	w.count(string(r.kind) + " " + http.StatusText(r.status))
	w.judgeHooks(r)
	if r.failed {
		if r.status != http.StatusServiceUnavailable || len(r.lines) > 0 {
			violated(failureChanges, "%v met a failure of the store: %d %s, and %d cookies", r, r.status, r.code, len(r.lines))
		}
		return
	}
	if r.status >= 500 {
		violated(asDocumented, "%v: %d %s, and nothing has failed", r, r.status, r.code)
	}
	switch r.kind {
	case page:
		w.judgePage(r)
	case login:
		w.judgeLogin(r)
	case refresh, grant:
		w.judgeRefresh(r)
	case logout:
	}
}

// judgeLogin fails the schedule unless the login began what it was asked for.
func (w *world) judgeLogin(r *request) {
	c := w.access.issued[r.got.access]
	if r.status != http.StatusOK || c.UserID != r.user || c.SessionID != r.visit.session {
		violated(asDocumented, "%v: %d, user %q", r, r.status, c.UserID)
	}
	w.answeredAt[r.visit] = w.now
	w.judgePair(r)
}

// judgePair looks at the pair that the response brings.
func (w *world) judgePair(r *request) {
	c := w.access.issued[r.got.access]
	// The clocks of two servers judge how much is left.
	w.ledger.issue(r.got, c, w.expiry, w.before+w.young()/2+w.spread+time.Second,
		r.pair.access == "" && read(r.got.refresh).generation == r.generation+1)
	options := w.options[c.SessionID]
	for _, age := range r.ages {
		if (age == 0) != options.BrowserSession {
			violated(asDocumented, "%v: Max-Age is %d", r, age)
		}
	}
	begun := w.arrivedAt[c.SessionID]
	if options.Duration == 0 {
		options.Duration = w.life
	}
	if ends := w.ledger.refresh[r.got.refresh].deadline.Sub(begun); (ends - options.Duration).Abs() > time.Second+w.spread {
		violated(asDocumented, "%v: the session ends after %v", r, ends)
	}
}

// judgePage looks at a request that TokenRequired answered.
func (w *world) judgePage(r *request) {
	c, genuine := w.access.issued[r.pair.access]
	fresh := genuine && r.arrived.Add(r.on.skew).Before(c.ExpiresAt)
	another := !r.from.app && r.pair.session != "" && r.pair.session != c.SessionID
	valid := fresh && !another
	if fresh && another {
		w.count("pages refused after another login")
	}
	switch {
	case valid != (r.status == http.StatusOK) || valid && r.user200 != c.UserID || len(r.lines) > 0:
		violated(asDocumented, "%v: %d, user %q, %d cookies", r, r.status, r.user200, len(r.lines))
	case valid && w.named && !r.from.thief && !r.from.app && r.after != nil && (c.SessionID != r.after.session || r.left):
		violated(identityStays, "%v is let through as %s, and the last login or logout was another", r, c.UserID)
	case valid && !r.from.thief && !w.restored && r.after != nil && c.SessionID != r.after.session && c.IssuedAt.After(w.answeredAt[r.after]):
		violated(identityStays, "%v is let through as %s, by an access token issued after the login of %s", r, c.UserID, r.after.user)
	}
}

// judgeRefresh looks at a refresh during which the store answered.
func (w *world) judgeRefresh(r *request) {
	if !r.genuine {
		if !r.refused() || r.calls > 0 {
			violated(forgedChanges, "%v: %d, %d calls of the store", r, r.status, r.calls)
		}
		return
	}
	if r.standing != unlooked {
		w.count("tokens " + r.standing)
	}
	switch r.standing {
	case unlooked: // past the end of the session
		w.expect(r, r.refused() && r.code != compromisedCode)
	case stale:
		if w.alone() {
			violated(ownerStays, "%v: %d %s", r, r.status, r.code)
		}
		if !r.refused() || !r.ended {
			violated(neitherStays, "%v is a stale copy: %d %s", r, r.status, r.code)
		}
	case dead, unknown:
		w.expect(r, r.refused() && r.code != compromisedCode)
	case retried:
		// Whatever the clock of this server says of the access token.
		w.expect(r, r.issues() || w.foreign(r) || r.refused() && w.expired(r))
		if c, ok := w.access.issued[r.pair.access]; ok && r.issues() && r.arrived.Add(r.on.skew+w.before).Before(c.ExpiresAt) {
			w.count("tokens retried before the access token expired")
		}
	default:
		w.expect(r, r.issues() || r.early() || w.foreign(r) || r.refused() && w.expired(r))
	}
	if r.issues() {
		w.judgePair(r)
		w.judgeIdentity(r)
	}
	if r.deletes {
		w.judgeDeletion(r)
	}
}

// expired reports whether the session has expired by now, while claims were computed.
func (w *world) expired(r *request) bool {
	return !w.now.Add(r.on.skew).Before(r.deadline)
}

const compromisedCode = "refresh_token_compromised"

// foreign reports whether the request presents no access token of the session,
// which over cookies it must.
func (w *world) foreign(r *request) bool {
	if r.pair.access == "" {
		return r.kind == refresh
	}
	return w.access.issued[r.pair.access].SessionID != r.session
}

func (w *world) expect(r *request, documented bool) {
	if !documented {
		violated(asDocumented, "%v: %d %s with a token that is %s", r, r.status, r.code, r.standing)
	}
}

// judgeIdentity looks at whose session goes on in a browser.
func (w *world) judgeIdentity(r *request) {
	if r.from.thief || w.restored || r.after == nil || r.session == r.after.session {
		return
	}
	violated(identityStays, "%v goes on with the session before the login of %s", r, r.after.user)
}

// judgeDeletion looks at a refusal that deletes the cookies: a response to a session
// that has just ended may be overtaking a login.
func (w *world) judgeDeletion(r *request) {
	t, ok := r.seen, r.found
	if r.standing == unlooked {
		t, ok = w.store.look(r.session)
	}
	now := r.arrived.Add(r.on.skew)
	switch {
	case !ok: // forgotten by the store, or long expired
	case t.Live(now):
		violated(ownerStays, "%v deletes the cookies of a live session", r)
	case now.Sub(end(t)) < lateResponse:
		violated(identityStays, "%v deletes cookies, and the session ended just before", r)
	}
}

// end returns when a record that is not live ended.
func end(t core.Record) time.Time {
	if t.RevokedAt.IsZero() || t.ExpiresAt.Before(t.RevokedAt) {
		return t.ExpiresAt
	}
	return t.RevokedAt
}

// provesAccess reports whether the request can speak of a session by its access token.
func (w *world) provesAccess(r *request) bool {
	return (r.kind == login || r.kind == logout) && w.access.issued[r.pair.access].SessionID != ""
}

// presents reports whether the request brings a genuine token of the session.
func (w *world) presents(r *request, session string) bool {
	return r.genuine && r.session == session || w.provesAccess(r) && w.access.issued[r.pair.access].SessionID == session
}
