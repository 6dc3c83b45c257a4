package core

import (
	"context"
	"time"
)

// evictable returns the sessions that a login now is to end because of MaxSessions. The
// store ends them by itself, and does not say which: only a hook wants to know, and where the
// store does not tell it is not told.
func (s *Schema) evictable(ctx context.Context, userID string, now time.Time) []Record {
	if s.cfg.Hooks.Revocation == nil || s.cfg.MaxSessions <= 0 {
		return nil
	}
	live, err := s.store.ListUser(ctx, userID, now)
	if err != nil {
		return nil
	}
	return live[min(len(live), s.cfg.MaxSessions-1):]
}

// tellEvicted tells of those that the login of that moment has ended, and not of those
// that another one has, which tells of them itself.
func (s *Schema) tellEvicted(ctx context.Context, sessions []Record, now time.Time) {
	for _, old := range sessions {
		if r, err := s.get(ctx, old.ID); err == nil && r.RevokedAt.Equal(now) {
			s.tellRevocation(ctx, Event{UserID: r.UserID, SessionID: r.ID, Device: r.Device, cause: causeMaxSessions}, now)
		}
	}
}
