package core

import (
	"context"
	"errors"
)

// The methods of this file are for those who know the schema of two tokens from
// elsewhere. They look at a refresh token, or at what a user has, and exchange nothing.

// Compromised reports whether a refresh token is a stale copy. It only looks:
// nothing is revoked and no hook is told. If accessToken is not empty, it must be
// genuine and of the same session, expired or not.
//
// A refresh token that is not genuine, or whose session has ended, is
// ErrInvalidRefreshToken. An access token that is not genuine, or not of the
// session, is ErrInvalidAccessToken, unless the refresh token is compromised.
// ErrStoreUnavailable means that the store could not answer.
func (s *Schema) Compromised(ctx context.Context, refreshToken, accessToken string) (bool, error) {
	a, r, err := s.look(ctx, refreshToken)
	if err != nil {
		return false, err
	}
	if s.stand(a, r) == stale {
		return true, nil
	}
	s.judgeAccess(a, accessToken)
	switch {
	case errors.Is(a.refused, ErrInvalidAccessToken):
		return false, a.refused
	case !a.isOf(r.UserID):
		return false, errAnotherUser
	}
	return false, nil
}

// VerifyRefreshToken returns the live session of a refresh token. It only looks:
// nothing is exchanged or revoked and no hook is told. A token that is not genuine,
// or whose session has ended, is ErrInvalidRefreshToken; a stale copy is
// ErrCompromised. ErrStoreUnavailable means that the store could not answer.
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

// HasSessions reports whether the user has a live session. Its errors are those
// of Sessions.
func (s *Schema) HasSessions(ctx context.Context, userID string) (bool, error) {
	sessions, err := s.Sessions(ctx, userID)
	return len(sessions) > 0, err
}

// RevokeUserOf ends all sessions of the user to whom a refresh token belongs, and
// returns how many those were. A token that is not genuine, or whose session has
// ended, ends nothing: ErrInvalidRefreshToken. It does not ask whether the token
// is compromised. ErrStoreUnavailable means that the sessions may not have ended.
func (s *Schema) RevokeUserOf(ctx context.Context, refreshToken string) (int, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	a, r, err := s.look(ctx, refreshToken)
	if err != nil {
		return 0, s.reject(ctx, err, a.event())
	}
	return s.revokeAll(ctx, Revocation{UserID: r.UserID, At: a.now})
}

// look returns the live record of a genuine refresh token. With an error it returns what
// is known of the token.
func (s *Schema) look(ctx context.Context, text string) (*attempt, Record, error) {
	a, err := s.attempt(text, refreshOptions{})
	if err != nil {
		return a, Record{}, err
	}
	r, err := s.get(ctx, a.recordID())
	switch {
	case errors.Is(err, ErrNotFound):
		return a, Record{}, s.gone(a)
	case err != nil:
		return a, Record{}, s.unavailable(ctx, "get the session", err)
	}
	a.read(r)
	if !r.Live(a.now) {
		return a, Record{}, a.over(r)
	}
	return a, r, nil
}
