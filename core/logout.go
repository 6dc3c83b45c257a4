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

// sessionsOfCookies returns the sessions of the tokens in the request's cookies, as the
// events that tell of their end.
func (s *Schema) sessionsOfCookies(r *http.Request, now time.Time) []Event {
	var c Claims
	if access, one := s.cfg.Cookies.accessToken(r); one {
		// Only a genuine one says anything: of another there are no claims.
		c, _ = s.verifier.genuine(access)
	}
	ids := s.sessionsOf(s.cfg.Cookies.refreshTokens(r), now)
	if c.SessionID != "" && !slices.Contains(ids, c.SessionID) {
		ids = append(ids, c.SessionID)
	}
	events := make([]Event, len(ids))
	for i, id := range ids {
		events[i].SessionID = id
		if id == c.SessionID {
			events[i].UserID = c.UserID
		}
	}
	return events
}

// revoke ends the session that the event names, if it is there.
func (s *Schema) revoke(ctx context.Context, e Event, now time.Time) error {
	if !isID(e.SessionID) {
		return nil // of an access token whose signer knows no sessions
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	return s.end(ctx, e, now)
}

// end is revoke for a context that is detached already.
func (s *Schema) end(ctx context.Context, e Event, now time.Time) error {
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
	at := s.now()
	// The clock of a server that issued one of them may be ahead of this one's.
	n := 0
	records, err := s.store.ListUser(ctx, userID, at)
	if err == nil && len(records) > 0 {
		at = later(at, records[0].IssuedAt)
		n, err = s.store.RevokeUser(ctx, userID, at)
	}
	if err != nil {
		return 0, s.reject(ctx, s.unavailable(ctx, "revoke the user's sessions", err), Event{UserID: userID})
	}
	if n > 0 {
		call(ctx, s.cfg.Hooks.Revocation, Event{At: at, UserID: userID, Sessions: n})
	}
	return n, nil
}
