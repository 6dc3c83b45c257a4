package core

import (
	"context"
	"errors"
	"iter"
	"slices"
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

// maxReplaced is how many sessions of one request are ended at the most, and
// maxPresented how many different texts as long as a refresh token are looked at for
// them. More cookies of one name than paths and domains explain are nobody's
// sessions, and nobody makes the server work through a header full of them; but it
// looks at all that a browser keeps of a site, so that what another host planted there
// hides no session from a logout.
const (
	maxReplaced  = 4
	maxPresented = 200
)

// sessionsOf returns the ids in those of the texts that are genuine refresh tokens,
// each once and not too many.
func (s *Schema) sessionsOf(texts iter.Seq[string], now time.Time) []string {
	var ids []string
	seen := make(map[string]bool)
	for text := range texts {
		if len(text) != tokenLength || seen[text] {
			continue
		}
		if len(seen) == maxPresented || len(ids) == maxReplaced {
			break
		}
		seen[text] = true
		t, _, genuine := s.keys.open(text)
		if !genuine || !now.Before(t.deadline) {
			continue
		}
		if id := t.recordID(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// revoke ends the session that the event names, if it is there.
func (s *Schema) revoke(ctx context.Context, e Event, now time.Time) error {
	if !isID(e.SessionID) {
		return nil // of an access token whose signer knows no sessions
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	err := s.store.Revoke(ctx, e.SessionID, now)
	switch {
	case err == nil:
		e.At, e.Sessions = now, 1
		call(ctx, s.cfg.Hooks.Revocation, e)
		return nil
	case errors.Is(err, ErrNotFound):
		return nil
	}
	return s.reject(ctx, s.unavailable(ctx, "revoke the session", err), e)
}

// RevokeUser ends all sessions of the user and returns how many those were. A
// login that comes after the call survives it. Access tokens issued before go on
// until they expire. ErrInvalidLogin means that no user can have that id,
// ErrStoreUnavailable that the sessions may not have ended.
//
// A store that is set back to an earlier state forgets revocations: call it again
// after restoring a backup.
func (s *Schema) RevokeUser(ctx context.Context, userID string) (int, error) {
	if err := checkUserID(userID); err != nil {
		return 0, invalidLogin(err)
	}
	return s.revokeUser(ctx, userID)
}

// RevokeUserOf ends all sessions of the user to whom a refresh token belongs, and
// returns how many those were. A token that is not genuine, or whose session is
// over, ends nothing: ErrInvalidRefreshToken. It does not ask whether the token
// is compromised. ErrStoreUnavailable means that the sessions may not have ended.
func (s *Schema) RevokeUserOf(ctx context.Context, refreshToken string) (int, error) {
	a, r, err := s.look(ctx, refreshToken)
	if err != nil {
		return 0, s.reject(ctx, err, a.event())
	}
	return s.revokeUser(ctx, r.UserID)
}

func (s *Schema) revokeUser(ctx context.Context, userID string) (int, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	now := s.now()
	n, err := s.store.RevokeUser(ctx, userID, now)
	if err != nil {
		return 0, s.reject(ctx, s.unavailable(ctx, "revoke the user's sessions", err), Event{UserID: userID})
	}
	if n > 0 {
		call(ctx, s.cfg.Hooks.Revocation, Event{At: now, UserID: userID, Sessions: n})
	}
	return n, nil
}
