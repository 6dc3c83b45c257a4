package core

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Session is one login on one device, as its user may see it.
type Session struct {
	// ID is the ID of its record, the claim sid of its access
	// tokens: Claims.SessionID tells which session is "this one". It is not a credential.
	ID string
	// UserID is its user.
	UserID string
	// Device describes it, as the login gave it.
	Device string
	// IssuedAt is the moment of the login.
	IssuedAt time.Time
	// ExchangedAt is when it was last refreshed; IssuedAt until the first time.
	ExchangedAt time.Time
	// ExpiresAt is when it ends unless it is refreshed before; with no
	// Config.IdleTimeout, when it ends.
	ExpiresAt time.Time
}

func sessionOf(r Record) Session {
	return Session{
		ID: r.ID, UserID: r.UserID, Device: r.Device,
		IssuedAt: r.IssuedAt, ExchangedAt: r.ExchangedAt, ExpiresAt: r.ExpiresAt,
	}
}

// Sessions returns the live sessions of the user, the newest first, for a page that
// shows them; RevokeSession ends one, RevokeOtherSessions all but this one, and
// RevokeUser all. ErrInvalidLogin means that the user ID is not possible,
// ErrStoreUnavailable that the store could not answer.
func (s *Schema) Sessions(ctx context.Context, userID string) ([]Session, error) {
	if err := checkUserID(userID); err != nil {
		return nil, invalidLogin(err)
	}
	records, err := s.store.ListUser(ctx, userID, s.now())
	if err != nil {
		return nil, s.reject(ctx, s.unavailable(ctx, "list the user's sessions", err), Event{UserID: userID})
	}
	sessions := make([]Session, len(records))
	for i, r := range records {
		if r.UserID != userID {
			return nil, s.reject(ctx, s.unavailable(ctx, "list the user's sessions", errWrongRecord), Event{UserID: userID})
		}
		sessions[i] = sessionOf(r)
	}
	return sessions, nil
}

// VerifySession returns the claims of an access token that is genuine and has not
// expired, together with its session, which it looks up. So the end of the session
// counts at once, and not only when the token expires. Use it for what is worth one
// call of the store, such as a change of the password. ErrSessionEnded, which matches
// ErrInvalidAccessToken too, means that the session has ended. ErrStoreUnavailable means
// that the store could not answer. The other errors are those of Verify.
func (s *Schema) VerifySession(ctx context.Context, accessToken string) (Claims, Session, error) {
	c, err := s.Verify(ctx, accessToken)
	if err != nil {
		return Claims{}, Session{}, err
	}
	session, err := s.SessionOf(ctx, c)
	if err != nil {
		return Claims{}, Session{}, err
	}
	return c, session, nil
}

// SessionOf returns the live session of claims that Verify or ClaimsFrom returned. It is
// for connections that outlive their access token, such as WebSockets: ask from time to
// time whether the session still stands. Claims without a session, and one that has ended,
// are ErrSessionEnded. A session of another user is ErrInvalidAccessToken.
// ErrStoreUnavailable means that the store could not answer.
func (s *Schema) SessionOf(ctx context.Context, c Claims) (Session, error) {
	e := Event{UserID: c.UserID, SessionID: c.SessionID, Ref: c.Ref}
	if !ValidID(c.SessionID) {
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

// SessionRequired returns a handler that does what TokenRequired does, and also asks the
// store whether the session is live (see VerifySession). So a revocation counts at once.
// next sees the claims by ClaimsFrom and the session by SessionFrom, which tells how long
// ago the user logged in. Put it before what is sensitive, and TokenRequired before the
// rest.
//
// Refusals go to Config.ErrorHandler: the errors of TokenRequired, ErrSessionEnded and
// ErrStoreUnavailable. It leaves cookies alone. Inside TokenRequired or
// RefreshAccessToken of the same schema it takes the claims found there, and inside
// another SessionRequired it does nothing.
func (s *Schema) SessionRequired(next http.Handler) http.Handler {
	return s.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		a := ctx.Value(authorizedKey{}).(*authorized) // what TokenRequired left
		if a.session != nil {
			next.ServeHTTP(w, r)
			return
		}
		session, err := s.SessionOf(ctx, a.claims)
		if err != nil {
			s.WriteError(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(&authorized{Context: ctx, claims: a.claims, by: a.by, session: &session}))
	}))
}

// SessionFrom returns the session that SessionRequired looked up for the request with
// this context, and whether there is one. There is none inside a TokenRequired of another
// schema or of a Verifier, or inside a RefreshAccessToken, that lies between.
func SessionFrom(ctx context.Context) (Session, bool) {
	a, ok := ctx.Value(authorizedKey{}).(*authorized)
	if !ok || a.session == nil {
		return Session{}, false
	}
	return *a.session, true
}
