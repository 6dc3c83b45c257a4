package core

import (
	"context"
	"fmt"
)

// compromised ends the sessions of the user whose stale refresh token was
// presented, or the one session, as Config.CompromiseEnds says.
func (s *Schema) compromised(ctx context.Context, a *attempt, r Record) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	s.cfg.Logger.WarnContext(ctx, "tokenauth: refresh token compromised", "user", r.UserID, "session", r.ID)
	e := a.event()
	e.Err = ErrCompromised
	v := Revocation{ID: r.ID, UserID: r.UserID, At: a.arrived}
	if s.cfg.CompromiseEnds == UserSessions {
		// What counts is when the request arrived: a login that came after it survives,
		// however long the request took. But the clock of the server that issued the
		// record may be ahead of this one's.
		v.ID, v.IssuedUntil = "", later(a.arrived, r.IssuedAt)
	}
	ended, err := s.revoke(ctx, v)
	if err != nil {
		// The record is still live: the next presentation detects it again. The
		// caller must not take this for a verdict, but an alarm should know.
		err = s.unavailable(ctx, "revoke the sessions of a compromised token", err)
		_ = s.reject(ctx, fmt.Errorf("%w: %w", err, ErrCompromised), e)
		return err
	}
	// The record was revoked just now: the response may be overtaking a new login's
	// cookies, so it deletes none.
	refused := &refusal{err: ErrCompromised, session: r.ID}
	if len(ended) == 0 {
		// The sessions ended between the look and the revocation: by another
		// request that detected it too, or by a logout.
		return s.reject(ctx, refused, e)
	}
	s.cfg.Logger.WarnContext(ctx, "tokenauth: sessions of a compromised refresh token ended", "user", r.UserID, "session", r.ID, "sessions", len(ended))
	e.At, e.Sessions, e.Reason = a.now, len(ended), ReasonCompromised
	call(ctx, s.cfg.Hooks.Compromise, e)
	s.tellEnded(ctx, ended, ReasonCompromised, a.now)
	return refused
}
