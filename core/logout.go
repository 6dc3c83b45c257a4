package core

import (
	"context"
	"errors"
	"time"
)

// Logout ends the session of a refresh token, current or not. It is idempotent:
// a session that is over already, or is no longer in the store, is no error. A
// text that is not a genuine token, or is past the end of its session, is
// ErrInvalidRefreshToken; ErrStoreUnavailable means that the session may not have
// ended. It goes on for some seconds if ctx is cancelled, as all revocations do.
func (s *Schema) Logout(ctx context.Context, refreshToken string) error {
	now := s.now()
	a := &attempt{arrived: now, now: now}
	var err error
	if a.token, a.keys, err = s.genuine(refreshToken, now); err != nil {
		return s.reject(ctx, err, a.event())
	}
	return s.revoke(ctx, Event{SessionID: a.token.recordID()}, now)
}

// revoke ends the session that the event names, if it is there.
func (s *Schema) revoke(ctx context.Context, e Event, now time.Time) error {
	_, err := s.revokeAll(ctx, []Event{e}, now)
	return err
}

// revokeOf ends the session of a genuine access token, whose signer may know none.
func (s *Schema) revokeOf(ctx context.Context, c Claims) error {
	if !isID(c.SessionID) {
		return nil
	}
	return s.revoke(ctx, Event{SessionID: c.SessionID, UserID: c.UserID}, s.now())
}

// revokeAll ends the sessions that the events name, those that are there. They have the
// time of one revocation together, and one that can't be ended shields no other. It
// returns how many it has ended, and the last error.
func (s *Schema) revokeAll(ctx context.Context, events []Event, now time.Time) (n int, err error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	for _, e := range events {
		if err != nil && ctx.Err() != nil {
			break
		}
		switch failed := s.store.Revoke(ctx, e.SessionID, now); {
		case failed == nil:
			n++
			e.At, e.Sessions = now, 1
			call(ctx, s.cfg.Hooks.Revocation, e)
		case !errors.Is(failed, ErrNotFound):
			err = s.reject(ctx, s.unavailable(ctx, "revoke the session", failed), e)
		}
	}
	return n, err
}

// RevokeUser ends all sessions of the user, also those that servers whose clocks are
// ahead have issued, and returns how many those were. A login that begins after the
// call survives it. Access tokens issued before go on until they expire.
// ErrInvalidLogin means that no user can have that id, ErrStoreUnavailable that the
// sessions may not have ended.
//
// A store that is set back to an earlier state forgets revocations: call it again
// after restoring a backup.
func (s *Schema) RevokeUser(ctx context.Context, userID string) (int, error) {
	if err := checkUserID(userID); err != nil {
		return 0, invalidLogin(err)
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	return s.revokeUser(ctx, userID)
}

// RevokeUserOf ends all sessions of the user to whom a refresh token belongs, and
// returns how many those were. A token that is not genuine, or whose session is
// over, ends nothing: ErrInvalidRefreshToken. It does not ask whether the token
// is compromised. ErrStoreUnavailable means that the sessions may not have ended.
func (s *Schema) RevokeUserOf(ctx context.Context, refreshToken string) (int, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	a, r, err := s.look(ctx, refreshToken)
	if err != nil {
		return 0, s.reject(ctx, err, a.event())
	}
	return s.revokeUser(ctx, r.UserID)
}

func (s *Schema) revokeUser(ctx context.Context, userID string) (int, error) {
	now := s.now()
	n := 0
	records, err := s.store.ListUser(ctx, userID, now)
	if err == nil && len(records) > 0 {
		n, err = s.store.RevokeUser(ctx, userID, now)
		// The newest is of a server whose clock is ahead of this one's.
		if issued := records[0].IssuedAt; err == nil && issued.After(now) {
			var ahead int
			ahead, err = s.store.RevokeUser(ctx, userID, issued)
			n += ahead
		}
	}
	if n > 0 {
		call(ctx, s.cfg.Hooks.Revocation, Event{At: now, UserID: userID, Sessions: n})
	}
	if err != nil {
		return n, s.reject(ctx, s.unavailable(ctx, "revoke the user's sessions", err), Event{UserID: userID})
	}
	return n, nil
}
