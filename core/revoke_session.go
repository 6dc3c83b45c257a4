package core

import (
	"context"
	"errors"
)

// RevokeSession ends one session of the user, as chosen from those that Sessions
// returns. It is idempotent: one that is over already is no error, as long as the store
// still has it. ErrNoSession means that the user has no such session, whatever the
// text of the session id; ErrInvalidLogin that no user can have that user id;
// ErrStoreUnavailable that the session may not have ended. Its access token goes on
// until it expires, except where SessionRequired asks.
func (s *Schema) RevokeSession(ctx context.Context, userID, sessionID string) error {
	if err := checkUserID(userID); err != nil {
		return invalidLogin(err)
	}
	if !isIDOf(userID, sessionID) {
		return s.noSession(ctx, userID)
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	r, err := s.get(ctx, sessionID)
	switch {
	case errors.Is(err, ErrNotFound):
		return s.noSession(ctx, userID)
	case err != nil:
		return s.reject(ctx, s.unavailable(ctx, "get the session", err), Event{UserID: userID, SessionID: sessionID})
	case r.UserID != userID:
		return s.noSession(ctx, userID)
	}
	now := s.now()
	if !r.Live(s.furthestBehind(now)) {
		return nil
	}
	_, err = s.revokeEach(ctx, []Event{{UserID: userID, SessionID: sessionID, Device: r.Device, cause: causeRevoked}}, now)
	return err
}

func (s *Schema) noSession(ctx context.Context, userID string) error {
	return s.reject(ctx, ErrNoSession, Event{UserID: userID})
}

// RevokeOtherSessions ends all sessions of the user but the one of that id, which
// is "this one": Claims.SessionID. It returns how many it ended; one that another call
// ended meanwhile counts too. A login that comes after the call survives it.
// ErrNoSession means that no session of the user can have that id, and that nothing
// has ended; ErrInvalidLogin that no user can have that user id; ErrStoreUnavailable
// that some of the sessions may not have ended: call it again. Like all revocations
// it goes on for some seconds if ctx is cancelled.
func (s *Schema) RevokeOtherSessions(ctx context.Context, userID, sessionID string) (int, error) {
	if err := checkUserID(userID); err != nil {
		return 0, invalidLogin(err)
	}
	if !isIDOf(userID, sessionID) {
		return 0, s.noSession(ctx, userID)
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	now := s.now()
	sessions, err := s.sessions(ctx, userID, s.furthestBehind(now))
	if err != nil {
		return 0, err
	}
	var others []Event
	for _, other := range sessions {
		if other.ID != sessionID {
			others = append(others, Event{UserID: userID, SessionID: other.ID, Device: other.Device, cause: causeRevoked})
		}
	}
	return s.revokeEach(ctx, others, now)
}
