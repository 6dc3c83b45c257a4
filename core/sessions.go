package core

import (
	"context"
	"time"
)

// Session is one login on one device, as its user may see it.
type Session struct {
	// ID is the id of its refresh-token record, the claim sid of its access
	// tokens: Claims.SessionID tells which session is "this one". It lets nobody in.
	ID string
	// UserID is whose it is.
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
// RevokeUser all. ErrInvalidLogin means that no user can have that id,
// ErrStoreUnavailable that the store could not answer.
func (s *Schema) Sessions(ctx context.Context, userID string) ([]Session, error) {
	if err := checkUserID(userID); err != nil {
		return nil, invalidLogin(err)
	}
	return s.sessions(ctx, userID, s.now())
}

// sessions returns those that are live at that moment.
func (s *Schema) sessions(ctx context.Context, userID string, at time.Time) ([]Session, error) {
	records, err := s.store.ListUser(ctx, userID, at)
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

// HasSessions reports whether the user has a live session. Its errors are those
// of Sessions.
func (s *Schema) HasSessions(ctx context.Context, userID string) (bool, error) {
	sessions, err := s.Sessions(ctx, userID)
	return len(sessions) > 0, err
}

// VerifyRefreshToken returns the live session of a refresh token. It only looks:
// nothing is exchanged or revoked and no hook is told. A token that is not genuine,
// or whose session is over, is ErrInvalidRefreshToken; a stale copy is
// ErrCompromised; ErrStoreUnavailable means that the store could not answer.
func (s *Schema) VerifyRefreshToken(ctx context.Context, refreshToken string) (Session, error) {
	a, r, err := s.look(ctx, refreshToken)
	if err != nil {
		return Session{}, err
	}
	if s.stand(a, r) == stale {
		return Session{}, ErrCompromised
	}
	return sessionOf(r), nil
}
