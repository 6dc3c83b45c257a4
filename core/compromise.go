package core

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// revokeTimeout bounds a revocation that goes on although its request is gone.
const revokeTimeout = 10 * time.Second

// detached returns a context for a revocation, which goes on when the request that
// caused it is cancelled: whoever sent that must not be able to stop it.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
}

// compromised ends the sessions of the user whose stale refresh token was
// presented.
func (s *Schema) compromised(ctx context.Context, a *attempt, r Record) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	s.cfg.Logger.WarnContext(ctx, "tokenauth: refresh token compromised", "user", r.UserID, "session", r.ID)
	e := a.event()
	e.Err = ErrCompromised
	// What counts is when the request arrived: a login that came after it survives,
	// however long the request took. But the clock of the server that issued the
	// record may be ahead of this one's, and what expires before its moment must end too.
	var n, before int
	var err error
	if r.IssuedAt.After(a.arrived) {
		before, err = s.store.RevokeUser(ctx, r.UserID, a.arrived)
	}
	if err == nil {
		n, err = s.store.RevokeUser(ctx, r.UserID, later(a.arrived, r.IssuedAt))
	}
	if err != nil {
		// The record is still live: the next presentation detects it again. The
		// caller must not take this for a verdict, but an alarm should know.
		err = s.unavailable(ctx, "revoke the sessions of a compromised token", err)
		_ = s.reject(ctx, fmt.Errorf("%w: %w", err, ErrCompromised), e)
		return err
	}
	// The record was revoked just now: the answer may be overtaking a new login's
	// cookies, so it clears none unless there is no grace.
	refused := &refusal{err: ErrCompromised, final: s.cfg.Grace == 0, session: r.ID}
	if n == 0 {
		// The sessions ended between the look and the revocation: by another
		// request that detected it too, or by a logout.
		return s.reject(ctx, refused, e)
	}
	n += before
	s.cfg.Logger.WarnContext(ctx, "tokenauth: sessions of a compromised refresh token ended", "user", r.UserID, "session", r.ID, "sessions", n)
	e.At, e.Sessions = a.now, n
	call(ctx, s.cfg.Hooks.Compromise, e)
	return refused
}

// Compromised reports whether a refresh token is a stale copy. It only looks:
// nothing is revoked and no hook is told. With an access token it also asks that this be
// genuine and of the same session, expired or not; where accessToken is empty
// it does not.
//
// A refresh token that is not genuine, or whose session is over, is
// ErrInvalidRefreshToken; an access token that is not genuine or not of the
// session is ErrInvalidAccessToken, unless the refresh token is compromised;
// ErrStoreUnavailable means that the store could not answer.
func (s *Schema) Compromised(ctx context.Context, refreshToken, accessToken string) (bool, error) {
	a, r, err := s.look(ctx, refreshToken)
	if err != nil {
		return false, err
	}
	if s.stand(a, r) == stale {
		return true, nil
	}
	a.judgeAccess(s, accessToken)
	switch {
	case errors.Is(a.refused, ErrInvalidAccessToken):
		return false, a.refused
	case !a.isOf(r.UserID):
		return false, errAnotherUser
	}
	return false, nil
}

// look returns the live record of a genuine refresh token, and, with an error too, what
// is known of the token.
func (s *Schema) look(ctx context.Context, text string) (*attempt, Record, error) {
	now := s.now()
	a := &attempt{arrived: now, now: now}
	var err error
	if a.token, a.keys, err = s.genuine(text, a.now); err != nil {
		return a, Record{}, err
	}
	r, err := s.get(ctx, a.token.recordID())
	switch {
	case errors.Is(err, ErrNotFound):
		return a, Record{}, s.gone(a)
	case err != nil:
		return a, Record{}, s.unavailable(ctx, "get the session", err)
	}
	if a.read(r); !r.Live(a.now) {
		return a, Record{}, s.over(r, a.now)
	}
	return a, r, nil
}
