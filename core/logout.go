package core

import (
	"context"
	"errors"
	"iter"
	"net/http"
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

// How much of a request's cookies is looked at for sessions to end: maxReplaced sessions
// of refresh tokens and maxAccess different texts of access tokens; and of different texts
// as long as a refresh token as many as a browser keeps of a site, so that what another
// host planted there hides no session, while nobody makes the server work through a
// header full of them.
const (
	maxReplaced  = 4
	maxPresented = 200
	maxAccess    = 8
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

// sessionsOfCookies returns the sessions of the tokens in the request's cookies, as the
// events that tell of their end. Where there are several cookies of a name, none of them
// authorizes anything, but each that is genuine can end its session.
func (s *Schema) sessionsOfCookies(r *http.Request, now time.Time) []Event {
	var events []Event
	for _, id := range s.sessionsOf(s.cfg.Cookies.refreshTokens(r), now) {
		events = append(events, Event{SessionID: id})
	}
	seen := make(map[string]bool)
	for text := range s.cfg.Cookies.accessTokens(r) {
		if text == "" || seen[text] {
			continue
		}
		if len(seen) == maxAccess {
			break
		}
		seen[text] = true
		c, err := s.verifier.genuine(text)
		if err != nil || !isID(c.SessionID) {
			continue // not genuine, or of a signer that knows no sessions
		}
		i := slices.IndexFunc(events, func(e Event) bool { return e.SessionID == c.SessionID })
		if i < 0 {
			i = len(events)
			events = append(events, Event{SessionID: c.SessionID})
		}
		events[i].UserID = c.UserID
	}
	return events
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

// RevokeUser ends all sessions of the user, of servers too whose clocks are ahead,
// and returns how many those were. A login that comes after the call survives it.
// Access tokens issued before go on until they expire. ErrInvalidLogin means that no
// user can have that id, ErrStoreUnavailable that the sessions may not have ended.
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
