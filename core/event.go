package core

import (
	"errors"
	"log/slog"
	"time"
)

// Event is what a hook is told. It holds no token and no secret. Fields that
// don't apply, or are not known, are zero.
type Event struct {
	// At is the moment, by Config.Clock.
	At time.Time
	// UserID is the user.
	UserID string
	// SessionID is the id of the session's refresh-token record.
	SessionID string
	// Ref names the access token that was issued or, in Compromise and
	// Rejection, the one that was presented or that the refresh token presented is
	// mapped to.
	Ref Ref
	// Device is the session's device.
	Device string
	// Sessions is how many sessions Compromise or Revocation ended. A logout
	// counts 1, also where the session was over already, and so does a login in the place of
	// one.
	Sessions int
	// Err is why, in Compromise and Rejection: one of the package's errors,
	// matched with errors.Is.
	Err error

	cause string // why sessions ended, in Revocation
}

// What Reason says of a revocation.
const (
	causeLogout      = "logout"
	causeLogin       = "login"
	causeMaxSessions = "max_sessions"
	causeRevoked     = "revoked"
)

// Reason returns why, as a stable name. In Compromise and Rejection it is that of Err, the
// one that Error.Code and the JSON body of the answer have, such as
// "access_token_expired", and "internal_error" where Err is none of the package's. In
// Revocation it is "logout", "login" for a session that a login took the place of,
// "max_sessions" for one that a login ended because of Config.MaxSessions, or "revoked"
// for one that RevokeSession and its like ended. Else it is empty. There are few, so it
// is fit for a label of a metric.
func (e Event) Reason() string {
	if e.Err == nil {
		return e.cause
	}
	for _, a := range answers {
		if errors.Is(e.Err, a.err) {
			return a.code
		}
	}
	return asError(e.Err).Code
}

// LogValue implements [slog.LogValuer]: it returns a group with the keys at, user,
// session, ref, device, sessions, reason and err, in that order, without those that are
// zero. at is UTC. err is the text of Err, which can hold that of an error of the
// store's or of Config.RefreshClaims; what the schema adds holds no part of a token.
// The user's id and the device are as users and clients chose them.
func (e Event) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 8)
	if !e.At.IsZero() {
		attrs = append(attrs, slog.Time("at", e.At.UTC()))
	}
	if e.UserID != "" {
		attrs = append(attrs, slog.String("user", e.UserID))
	}
	if e.SessionID != "" {
		attrs = append(attrs, slog.String("session", e.SessionID))
	}
	if !e.Ref.IsZero() {
		attrs = append(attrs, slog.String("ref", e.Ref.String()))
	}
	if e.Device != "" {
		attrs = append(attrs, slog.String("device", e.Device))
	}
	if e.Sessions != 0 {
		attrs = append(attrs, slog.Int("sessions", e.Sessions))
	}
	if reason := e.Reason(); reason != "" {
		attrs = append(attrs, slog.String("reason", reason))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("err", e.Err.Error()))
	}
	return slog.GroupValue(attrs...)
}
