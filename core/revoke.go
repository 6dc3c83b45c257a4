package core

import (
	"context"
	"errors"
	"time"
)

// revokeTimeout bounds a revocation that goes on although its request is gone.
const revokeTimeout = 10 * time.Second

// detached returns a context for a revocation, which goes on when the request that
// caused it is cancelled: its sender must not be able to stop it.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
}

// RevokeSession ends one session of the user, as chosen from those that Sessions
// returns. It is idempotent: a session that has ended already is not an error, as long as
// the store still has it. ErrNoSession means that the user has no such session, whatever
// the text of the session ID. ErrInvalidLogin means that the user ID is not possible,
// ErrStoreUnavailable that the session may not have ended. Its access token stays valid
// until it expires, except where SessionRequired asks. Like all revocations it goes on for up
// to 10 seconds if ctx is cancelled.
func (s *Schema) RevokeSession(ctx context.Context, userID, sessionID string) error {
	if err := checkUserID(userID); err != nil {
		return invalidLogin(err)
	}
	if !validIDOf(userID, sessionID) {
		return s.noSession(ctx, userID)
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	n, err := s.revokeAll(ctx, Revocation{ID: sessionID, UserID: userID, At: s.now()})
	if n > 0 || err != nil {
		return err
	}
	// It has ended already, or never was.
	r, err := s.get(ctx, sessionID)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && r.UserID != userID:
		return s.noSession(ctx, userID)
	case err != nil:
		return s.reject(ctx, s.unavailable(ctx, "get the session", err), Event{UserID: userID, SessionID: sessionID})
	}
	return nil
}

// RevokeOtherSessions ends all sessions of the user but the one of that ID, which
// is "this one": Claims.SessionID. It returns how many it ended. A login that comes
// after the call survives it. ErrNoSession means that no session of the user can have
// that ID; nothing has ended. ErrInvalidLogin means that the user ID is not possible,
// ErrStoreUnavailable that the sessions may not have ended: call it again. Like all
// revocations it goes on for up to 10 seconds if ctx is cancelled.
func (s *Schema) RevokeOtherSessions(ctx context.Context, userID, sessionID string) (int, error) {
	if err := checkUserID(userID); err != nil {
		return 0, invalidLogin(err)
	}
	if !validIDOf(userID, sessionID) {
		return 0, s.noSession(ctx, userID)
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	return s.revokeAll(ctx, Revocation{UserID: userID, Except: sessionID, At: s.now()})
}

// RevokeUser ends all sessions of the user and returns how many those were. A login that
// begins after the call survives it, and so can a login that is under way: change the
// password, or ban the user, before you call it. Access tokens issued before stay valid
// until they expire. ErrInvalidLogin means that the user ID is not possible,
// ErrStoreUnavailable that the sessions may not have ended.
//
// A store that is rolled back forgets revocations: call it again after restoring a
// backup. Like all revocations it goes on for up to 10 seconds if ctx is cancelled.
func (s *Schema) RevokeUser(ctx context.Context, userID string) (int, error) {
	if err := checkUserID(userID); err != nil {
		return 0, invalidLogin(err)
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	return s.revokeAll(ctx, Revocation{UserID: userID, At: s.now()})
}

func (s *Schema) noSession(ctx context.Context, userID string) error {
	return s.reject(ctx, ErrNoSession, Event{UserID: userID})
}

// revokeAll ends the sessions of a user that v selects, and returns how many those were.
func (s *Schema) revokeAll(ctx context.Context, v Revocation) (int, error) {
	ended, err := s.revoke(ctx, v)
	if err != nil {
		return 0, s.reject(ctx, s.unavailable(ctx, "revoke sessions", err), Event{UserID: v.UserID, SessionID: v.ID})
	}
	s.tellEnded(ctx, ended, ReasonRevoked, v.At)
	return len(ended), nil
}

// revokeEach ends the sessions of the IDs, also if the request is gone. They share the
// time of one revocation. If one cannot be ended, it goes on with the others while that
// lasts. It returns the last error, which it tells once.
func (s *Schema) revokeEach(ctx context.Context, ids []string, reason Reason, now time.Time) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	var ended []Record
	var unended string
	var err error
	for _, id := range ids {
		if err != nil && ctx.Err() != nil {
			break
		}
		records, failed := s.revoke(ctx, Revocation{ID: id, At: now})
		if failed != nil {
			err, unended = failed, id
		}
		ended = append(ended, records...)
	}
	s.tellEnded(ctx, ended, reason, now)
	if err != nil {
		return s.reject(ctx, s.unavailable(ctx, "revoke the session", err), Event{SessionID: unended})
	}
	return nil
}

// revoke calls the store, and returns the records of the sessions that it ended: those
// that had not expired. A store that returns records that v does not select is broken.
func (s *Schema) revoke(ctx context.Context, v Revocation) ([]Record, error) {
	records, err := s.store.Revoke(ctx, v)
	if err != nil {
		return nil, err
	}
	var ended []Record
	for _, r := range records {
		if !v.Selects(r) {
			return nil, errWrongRecord
		}
		if v.At.Before(r.ExpiresAt) {
			ended = append(ended, r)
		}
	}
	return ended, nil
}

// tellEnded tells the Revocation hook of each session that ended.
func (s *Schema) tellEnded(ctx context.Context, ended []Record, reason Reason, now time.Time) {
	for _, r := range ended {
		call(ctx, s.cfg.Hooks.Revocation, Event{At: now, UserID: r.UserID, SessionID: r.ID, Device: r.Device, Reason: reason})
	}
}
