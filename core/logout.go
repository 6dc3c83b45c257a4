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
	return s.revoke(ctx, Event{SessionID: a.token.recordID(), cause: causeLogout}, now)
}

// revoke ends the session that the event names, if it is there.
func (s *Schema) revoke(ctx context.Context, e Event, now time.Time) error {
	return s.revokeAll(ctx, []Event{e}, now)
}

// revokeOf ends the session of a genuine access token, whose signer may know none.
func (s *Schema) revokeOf(ctx context.Context, c Claims) error {
	if !isID(c.SessionID) {
		return nil
	}
	return s.revoke(ctx, Event{SessionID: c.SessionID, UserID: c.UserID, cause: causeLogout}, s.now())
}

// revokeAll is revokeEach, which goes on when the request is gone.
func (s *Schema) revokeAll(ctx context.Context, events []Event, now time.Time) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := s.revokeEach(ctx, events, now)
	return err
}

// revokeEach ends the sessions that the events name, those that are there. They have the
// time of one revocation together, and one that can't be ended shields no other. It
// returns how many it has ended, and the last error, which it tells once.
func (s *Schema) revokeEach(ctx context.Context, events []Event, now time.Time) (int, error) {
	var ended []Event
	var unended Event
	var err error
	for _, e := range events {
		if err != nil && ctx.Err() != nil {
			break
		}
		switch failed := s.store.Revoke(ctx, e.SessionID, now); {
		case failed == nil:
			ended = append(ended, e)
		case !errors.Is(failed, ErrNotFound):
			err, unended = failed, e
		}
	}
	// Afterwards, because it can ask the store too, and that can take its time.
	for _, e := range ended {
		s.tellRevocation(ctx, e, now)
	}
	if err != nil {
		return len(ended), s.reject(ctx, s.unavailable(ctx, "revoke the session", err), unended)
	}
	return len(ended), nil
}

// tellRevocation tells the hook of the end of a session. Whose it was is what an audit
// asks first: where the request does not say it, the record does.
func (s *Schema) tellRevocation(ctx context.Context, e Event, now time.Time) {
	if s.cfg.Hooks.Revocation == nil {
		return
	}
	if e.UserID == "" {
		if r, err := s.get(ctx, e.SessionID); err == nil {
			e.UserID, e.Device = r.UserID, r.Device
		}
	}
	e.At, e.Sessions = now, 1
	s.cfg.Hooks.Revocation(ctx, e)
}

// RevokeUser ends all sessions of the user, also those that servers whose clocks are
// ahead have issued, and returns how many those were. A login that begins after the
// call survives it. Access tokens issued before go on until they expire.
// ErrInvalidLogin means that no user can have that id, ErrStoreUnavailable that the
// sessions may not have ended.
//
// A login under way, whose user has shown the old password already, can survive it.
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
	records, err := s.store.ListUser(ctx, userID, s.furthestBehind(now))
	for _, at := range revocationTimes(records, now) {
		if err != nil {
			break
		}
		var ended int
		ended, err = s.store.RevokeUser(ctx, userID, at)
		n += ended
	}
	if n > 0 {
		call(ctx, s.cfg.Hooks.Revocation, Event{At: now, UserID: userID, Sessions: n, cause: causeRevoked})
	}
	if err != nil {
		return n, s.reject(ctx, s.unavailable(ctx, "revoke the user's sessions", err), Event{UserID: userID})
	}
	return n, nil
}

// furthestBehind returns what the clock of another server may say now: sessions that have
// expired by this server's can still be refreshed there.
func (s *Schema) furthestBehind(now time.Time) time.Time {
	return now.Add(-s.cfg.Grace).Truncate(time.Millisecond)
}

// revocationTimes returns the moments at which a user's sessions have to be revoked, so that
// none is left out: now; the issue of the newest, where a server whose clock is ahead
// issued it; and the last moment at which those that have expired by this clock alone are
// all live.
func revocationTimes(records []Record, now time.Time) []time.Time {
	if len(records) == 0 {
		return nil
	}
	times := []time.Time{now}
	if issued := records[0].IssuedAt; issued.After(now) {
		times = append(times, issued)
	}
	first := now
	for _, r := range records {
		first = earlier(first, r.ExpiresAt.Add(-time.Millisecond))
	}
	if first.Before(now) {
		times = append(times, first)
	}
	return times
}
