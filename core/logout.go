package core

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

// Logout ends the session of a refresh token, current or not. It is idempotent:
// a session that has ended already, or that the store does not have, is not an error. A
// text that is not a genuine token, or is past the end of its session, is
// ErrInvalidRefreshToken. ErrStoreUnavailable means that the session may not have
// ended. Like all revocations it goes on for up to 10 seconds if ctx is cancelled.
func (s *Schema) Logout(ctx context.Context, refreshToken string) error {
	a, err := s.attempt(refreshToken, refreshOptions{})
	if err != nil {
		return s.reject(ctx, err, a.event())
	}
	return s.revokeEach(ctx, []string{a.recordID()}, ReasonLogout, a.now)
}

// ClearTokenCookies is the logout of a browser: it ends the session of the request and
// deletes its cookies. The session is that of the refresh token and of the access token,
// expired or not. The access token may come alone, as it does where Cookies.RefreshPath
// is another path. A request without a session, or with one that has ended, only has its
// cookies deleted. The access token of an Authorization header ends its session too, with
// cookies or without, expired or not (RFC 6750 §2.1).
//
// Another host can plant tokens among the cookies. Each that is genuine ends its session.
// ErrTooManyCookies means that there are more than a browser sends, and that not all were
// looked at.
//
// If it returns an error it has written nothing, and WriteError answers the request.
// ErrMethodNotAllowed means that the method is not POST. ErrCrossOrigin means that the
// request came from another origin than the server's or Config.TrustedOrigins. Requests
// without cookies are not held to that. ErrStoreUnavailable means that the session may not
// have ended: the cookies are still there, and the page should say so. For a client without
// cookies a token that is not genuine is ErrInvalidAccessToken.
func (s *Schema) ClearTokenCookies(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if r.Method != http.MethodPost {
		return s.reject(ctx, ErrMethodNotAllowed, Event{})
	}
	access, one := s.cfg.Cookies.accessToken(r)
	if !s.cfg.Cookies.hasRefreshToken(r) && one && access == "" {
		if text, bearer, err := s.verifier.bearer(r); err != nil {
			return s.reject(ctx, err, Event{})
		} else if bearer {
			return s.logoutBearer(ctx, text)
		}
	}
	if err := s.verifier.checkOrigin(r); err != nil {
		return s.reject(ctx, err, Event{})
	}
	now := s.now()
	sessions, all := s.sessionsOfCookies(r, now)
	if text, bearer, _ := s.verifier.bearer(r); bearer {
		sessions = s.withSessionOf(sessions, text)
	}
	if err := s.revokeEach(ctx, sessions, ReasonLogout, now); err != nil {
		return err
	}
	if !all {
		return s.reject(ctx, ErrTooManyCookies, Event{})
	}
	s.clearCookies(w)
	return nil
}

// LogoutHandler returns a handler that logs the browser out (see ClearTokenCookies) and calls
// next. If next is nil it answers 204. After a form, next should redirect:
//
//	mux.Handle("POST /logout", schema.LogoutHandler(http.RedirectHandler("/", http.StatusSeeOther)))
//
// Refusals go to Config.ErrorHandler: the errors of ClearTokenCookies.
func (s *Schema) LogoutHandler(next http.Handler) http.Handler {
	if next == nil {
		next = http.HandlerFunc(noContent)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.ClearTokenCookies(w, r); err != nil {
			s.WriteError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// logoutBearer ends the session of an access token, expired or not.
func (s *Schema) logoutBearer(ctx context.Context, accessToken string) error {
	c, err := s.verifier.genuine(accessToken)
	if err != nil {
		return s.reject(ctx, err, Event{})
	}
	return s.revokeOf(ctx, c)
}

// revokeOf ends the session of a genuine access token, whose signer may know none.
func (s *Schema) revokeOf(ctx context.Context, c Claims) error {
	if !ValidID(c.SessionID) {
		return nil
	}
	return s.revokeEach(ctx, []string{c.SessionID}, ReasonLogout, s.now())
}

// These bound how much of a request's cookies is looked at for sessions to end. Browsers
// send fewer. A logout beyond them is an error, so no planted cookie hides a session.
const (
	maxPresented = 200 // different texts as long as a refresh token
	maxAccess    = 64  // different texts of access tokens
	maxEnded     = 32  // different sessions
)

// sessionsOfCookies returns the IDs of the sessions of the tokens in the request's
// cookies, and whether it has looked at all of them. Where there are several cookies of a
// name, none of them authorizes anything, but each that is genuine can end its session.
func (s *Schema) sessionsOfCookies(r *http.Request, now time.Time) (ids []string, all bool) {
	if hasTooManyCookies(r) {
		return nil, false
	}
	refresh, all := distinct(s.cfg.Cookies.refreshTokens(r), maxPresented, sealed.HasLength)
	for _, text := range refresh {
		ids = s.withSession(ids, text, now)
	}
	access, allAccess := distinct(s.cfg.Cookies.accessTokens(r), maxAccess, func(text string) bool { return text != "" })
	for _, text := range access {
		ids = s.withSessionOf(ids, text)
	}
	if len(ids) > maxEnded {
		return ids[:maxEnded], false
	}
	return ids, all && allAccess
}

// distinct returns the different texts of which f is true, no more than most, and
// whether those are all.
func distinct(texts iter.Seq[string], most int, f func(string) bool) (found []string, all bool) {
	seen := make(map[string]bool)
	for text := range texts {
		if !f(text) || seen[text] {
			continue
		}
		if len(found) == most {
			return found, false
		}
		seen[text] = true
		found = append(found, text)
	}
	return found, true
}

// withSession adds the session of the refresh token to the IDs, if that is genuine and
// not overdue.
func (s *Schema) withSession(ids []string, refreshToken string, now time.Time) []string {
	if t, _, genuine := s.keys.Open(refreshToken); genuine && now.Before(t.Deadline) {
		return appendNew(ids, recordID(t))
	}
	return ids
}

// withSessionOf adds the session of the access token, expired or not, to the IDs.
func (s *Schema) withSessionOf(ids []string, accessToken string) []string {
	c, err := s.verifier.genuine(accessToken)
	if err != nil || !ValidID(c.SessionID) {
		return ids // not genuine, or of a signer that knows no sessions
	}
	return appendNew(ids, c.SessionID)
}

func appendNew(ids []string, id string) []string {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}
