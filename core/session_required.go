package core

import (
	"context"
	"errors"
	"net/http"
)

// VerifySession returns the claims of an access token that is genuine and has not
// expired, together with its session, which it looks up: where Verify goes on
// until the token expires, this heeds the end of the session at once. It is for
// what is worth one call of the store, such as a change of the password. A session
// that is over is ErrSessionEnded, which matches ErrInvalidAccessToken too;
// ErrStoreUnavailable means that the store could not answer. The other errors are
// those of Verify.
func (s *Schema) VerifySession(ctx context.Context, accessToken string) (Claims, Session, error) {
	c, err := s.Verify(ctx, accessToken)
	if err != nil {
		return Claims{}, Session{}, err
	}
	session, err := s.session(ctx, c)
	if err != nil {
		return Claims{}, Session{}, err
	}
	return c, session, nil
}

// session returns the live session of genuine claims.
func (s *Schema) session(ctx context.Context, c Claims) (Session, error) {
	e := Event{UserID: c.UserID, SessionID: c.SessionID, Ref: c.Ref}
	if !isID(c.SessionID) {
		return Session{}, s.reject(ctx, ErrSessionEnded, e) // of a signer that knows no sessions
	}
	r, err := s.get(ctx, c.SessionID)
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, s.reject(ctx, ErrSessionEnded, e)
	case err != nil:
		return Session{}, s.reject(ctx, s.unavailable(ctx, "get the session", err), e)
	case r.UserID != c.UserID:
		return Session{}, s.reject(ctx, errAnotherUser, e)
	case !r.Live(s.now()):
		e.Device = r.Device
		return Session{}, s.reject(ctx, ErrSessionEnded, e)
	}
	return sessionOf(r), nil
}

// SessionRequired returns a handler that does what TokenRequired does and asks the
// store, too, whether the session of the access token is live (see VerifySession),
// so that a revocation counts at once. next sees the claims by ClaimsFrom and the
// session by SessionFrom; how long ago its user logged in is there. Put it before
// what is sensitive, and TokenRequired before the rest.
//
// What it refuses goes to Config.ErrorHandler: the errors of TokenRequired,
// ErrSessionEnded and ErrStoreUnavailable. It leaves cookies alone. Inside
// TokenRequired or RefreshAccessToken of the same schema it takes the claims found
// there, and inside another SessionRequired it does nothing.
func (s *Schema) SessionRequired(next http.Handler) http.Handler {
	return s.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		a := ctx.Value(authorizedKey{}).(*authorized) // what TokenRequired left
		if a.session != nil {
			next.ServeHTTP(w, r)
			return
		}
		session, err := s.session(ctx, a.claims)
		if err != nil {
			s.WriteError(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(&authorized{Context: ctx, claims: a.claims, by: a.by, session: &session}))
	}))
}

// SessionFrom returns the session that was looked up for the request with this
// context, and whether there is one: inside [Schema.SessionRequired] there is, as long as
// no TokenRequired of another schema or of a Verifier, and no RefreshAccessToken, lies
// between.
func SessionFrom(ctx context.Context) (Session, bool) {
	a, ok := ctx.Value(authorizedKey{}).(*authorized)
	if !ok || a.session == nil {
		return Session{}, false
	}
	return *a.session, true
}
