package core

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

type authorizedKey struct{}

// authorized is the context of a request that was let through. It is a context
// of its own, and not a value in one, to cost one allocation less on every request.
type authorized struct {
	context.Context
	claims Claims
	// by is who verified them: what one schema lets through says nothing to another.
	by *Verifier
	// session is that of the claims, where it was looked up.
	session *Session
	// fresh means that KeepFresh has refreshed them for this request.
	fresh bool
	// refused is why KeepFresh could not refresh them. Then there are no claims.
	refused error
}

func (a *authorized) Value(key any) any {
	if key == (authorizedKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// ContextWithClaims returns a context in which ClaimsFrom finds the claims: for the
// middleware of a router that does not take handlers, after [Schema.VerifyRequest], and for
// tests of handlers. A TokenRequired inside does not accept them: it looks at the request.
func ContextWithClaims(ctx context.Context, c Claims) context.Context {
	return &authorized{Context: ctx, claims: c}
}

// ClaimsFrom returns the claims of the access token that authorized the request
// with this context, and whether there are any. There are inside
// [Schema.TokenRequired], [Verifier.TokenRequired], [Schema.SessionRequired] and
// [Schema.RefreshAccessToken], inside [Schema.TokenOptional] and [Schema.KeepFresh] if the
// request has a valid token, and in a context of [ContextWithClaims]. ctx must be the
// request's: routers whose own context is a [context.Context] may hide it.
func ClaimsFrom(ctx context.Context) (Claims, bool) {
	a, ok := ctx.Value(authorizedKey{}).(*authorized)
	if !ok || a.refused != nil {
		return Claims{}, false
	}
	return a.claims, true
}

// authorizedIn returns what a handler outside has found out about the request with this
// context, nil if none of this verifier did.
func (v *Verifier) authorizedIn(ctx context.Context) *authorized {
	if a, ok := ctx.Value(authorizedKey{}).(*authorized); ok && a.by == v {
		return a
	}
	return nil
}

// SetTokenCookies is the login of a browser: it logs the user in (see [Schema.Login]),
// sets the cookies of the new session, and returns its pair. It ends the sessions of the
// tokens in the request's cookies, as ClearTokenCookies does. The device defaults to the
// request's User-Agent.
//
// Of more cookies than a browser sends it looks at some alone: see ErrTooManyCookies.
//
// SetTokenCookies asks for no password: make certain who the user is before you call it.
//
// If it returns an error it has written nothing, and WriteError answers the request. The
// errors are those of Login. ErrInvalidLogin also means that the cookies cannot hold the
// claims (see Cookies.MaxBytes). After ErrStoreUnavailable the sessions that the request
// presents may have ended all the same. ErrCrossOrigin means that the request came from
// another origin than the server's or Config.TrustedOrigins. GET, HEAD and OPTIONS are not
// held to that: the callback of an identity provider is a GET of another site. A
// callback by form_post needs the provider's origin in Config.TrustedOrigins.
func (s *Schema) SetTokenCookies(w http.ResponseWriter, r *http.Request, userID string, opts LoginOptions) (Tokens, error) {
	if err := s.verifier.checkOrigin(r); err != nil {
		return Tokens{}, s.reject(r.Context(), err, Event{})
	}
	if opts.Device == "" {
		opts.Device = r.UserAgent()
	}
	now := s.now()
	replaced, _ := s.sessionsOfCookies(r, now)
	replaced = s.withSession(replaced, opts.Replaces, now)
	pair, err := s.login(r.Context(), userID, opts, replaced, s.checkCookies)
	if err != nil {
		return Tokens{}, err
	}
	now = s.now()
	s.cfg.Cookies.forget(w)
	s.cfg.Cookies.clearVariants(w)
	s.cfg.Cookies.setSession(w, pair.Claims.SessionID, maxAge(pair, now))
	s.cfg.Cookies.set(w, pair, now)
	return pair, nil
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

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

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

// RefreshAccessToken returns a handler that refreshes the tokens in the request's
// cookies (see [Schema.Refresh]), sets the new ones and calls next, which sees the
// new claims by ClaimsFrom. If next is nil it answers 204.
//
// Both cookies are required. Refusals go to Config.ErrorHandler: ErrMethodNotAllowed for
// any other method than POST, ErrCrossOrigin for a request from another origin than the
// server's or Config.TrustedOrigins, and the errors of Refresh. ErrInvalidClaims also means
// that the cookies cannot hold the claims (see Cookies.MaxBytes).
//
// Cookies are deleted only if the refresh token will never be accepted again. They are
// kept for 10 seconds after the end of a session, because a late response may overtake
// the cookies of a new login.
func (s *Schema) RefreshAccessToken(next http.Handler) http.Handler {
	if next == nil {
		next = http.HandlerFunc(noContent)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if err := s.checkPost(r); err != nil {
			s.WriteError(w, r, s.reject(ctx, err, Event{}))
			return
		}
		if a := s.verifier.authorizedIn(ctx); a != nil && a.fresh {
			next.ServeHTTP(w, r) // KeepFresh around it has done the work
			return
		} else if a != nil && a.refused != nil {
			s.WriteError(w, r, a.refused)
			return
		}
		pair, err := s.refreshCookies(r)
		if err != nil {
			s.WriteError(w, r, err)
			return
		}
		s.cfg.Cookies.set(w, pair, s.now())
		next.ServeHTTP(w, r.WithContext(&authorized{Context: ctx, claims: pair.Claims, by: s.verifier}))
	})
}

// checkPost returns an error unless the request is a POST of an origin that may make it.
func (s *Schema) checkPost(r *http.Request) error {
	if r.Method != http.MethodPost {
		return ErrMethodNotAllowed
	}
	return s.verifier.checkOrigin(r)
}

func (s *Schema) refreshCookies(r *http.Request) (Tokens, error) {
	ctx := r.Context()
	refresh, ok := s.cfg.Cookies.refreshToken(r)
	if !ok {
		return Tokens{}, s.reject(ctx, fmt.Errorf("%w: more than one cookie", ErrInvalidRefreshToken), Event{})
	}
	// The access token is judged after the refresh token.
	o := refreshOptions{carries: s.checkCookies}
	access, ok := s.cfg.Cookies.accessToken(r)
	switch {
	case !ok:
		o.refused = errTwoAccessTokens
	case access == "":
		o.refused = ErrMissingAccessToken
	}
	return s.refresh(ctx, refresh, access, o)
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
