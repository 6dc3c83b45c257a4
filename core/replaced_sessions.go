package core

import (
	"iter"
	"net/http"
	"slices"
	"time"
)

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
func (s *Schema) sessionsOfCookies(r *http.Request, cause string, now time.Time) []Event {
	var events []Event
	for _, id := range s.sessionsOf(s.cfg.Cookies.refreshTokens(r), now) {
		events = append(events, Event{SessionID: id, cause: cause})
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
		events = s.withSessionOf(events, text, cause)
	}
	return events
}

// withSessionOf adds the session of the access token to the events, expired or not.
func (s *Schema) withSessionOf(events []Event, accessToken, cause string) []Event {
	c, err := s.verifier.genuine(accessToken)
	if err != nil || !isID(c.SessionID) {
		return events // not genuine, or of a signer that knows no sessions
	}
	i := slices.IndexFunc(events, func(e Event) bool { return e.SessionID == c.SessionID })
	if i < 0 {
		i = len(events)
		events = append(events, Event{SessionID: c.SessionID, cause: cause})
	}
	events[i].UserID = c.UserID
	return events
}
