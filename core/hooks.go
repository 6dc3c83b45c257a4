package core

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Event is what a hook is told. It holds no token and no secret. Fields that
// do not apply, or are not known, are zero.
type Event struct {
	// At is the moment, by Config.Clock.
	At time.Time
	// UserID is the user.
	UserID string
	// SessionID is the ID of the session's record.
	SessionID string
	// Ref names the access token that was issued or, in Compromise and
	// Rejection, the one that was presented or that the presented refresh token is
	// mapped to.
	Ref Ref
	// Device is the session's device.
	Device string
	// Sessions is how many sessions a compromise ended.
	Sessions int
	// Reason is the cause, in Compromise, Revocation and Rejection.
	Reason Reason
	// Err is the error, in Compromise and Rejection: one of the package's errors,
	// matched with errors.Is. Reason is its ReasonOf.
	Err error
}

// LogValue implements [slog.LogValuer]. It returns a group with the keys at, user,
// session, ref, device, sessions, reason and err, in that order, without those that are
// zero. at is UTC. err is the text of Err, which can hold that of an error of the
// store or of Config.RefreshClaims; what the schema adds holds no part of a token.
// The user ID and the device are as users and clients chose them.
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
	if e.Reason != "" {
		attrs = append(attrs, slog.String("reason", string(e.Reason)))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("err", e.Err.Error()))
	}
	return slog.GroupValue(attrs...)
}

// Hooks are told what happens, for audit logs, alarms and metrics. The zero value
// tells nobody. LogHooks writes an audit log, and JoinHooks combines several hooks.
//
// A hook is called after the fact, by the goroutine of the call that it is about and
// before that call returns. It should be quick and must not panic. Several calls may run
// at once. ctx has the values of the context of the call, over HTTP of the request: a
// middleware around the schema's handlers can add what an Event does not have, such as
// the client's address. ctx may be cancelled already. A hook that writes an audit log to a
// database needs [context.WithoutCancel] and a deadline of its own.
//
// Each fact is told exactly once: every begin of a session by Login, every end before its
// time by Revocation, every refresh by Refresh or Retry, every failed call by Rejection
// or Compromise. No hook is told of ErrInvalidLogin, which is a mistake of the application,
// of a request that is not a form of TokenEndpoint or RevocationEndpoint, or of Ping,
// Compromised and VerifyRefreshToken, which only look. Hooks cost no call of the store.
//
// Every event has At. The other fields are listed for each hook.
type Hooks struct {
	// Login: a session began. The event has UserID, SessionID, Ref and Device.
	Login func(ctx context.Context, e Event)
	// Refresh: an exchange succeeded and a new pair was issued. The event has UserID,
	// SessionID, Ref and Device.
	Refresh func(ctx context.Context, e Event)
	// Retry: a refresh was answered with the pair of the present mapping, because the
	// refresh token was one exchange behind, or only a few seconds old. The event has UserID,
	// SessionID, Ref and Device.
	Retry func(ctx context.Context, e Event)
	// Compromise: a stale refresh token was presented, and ended sessions. It is
	// told once for each compromise, however often the token is presented. The
	// sessions that ended are told to Revocation, too. If none ended, because
	// the store failed or a logout came first, Rejection is told instead. The event
	// has UserID, SessionID, Ref, Device, Sessions, Reason and Err.
	Compromise func(ctx context.Context, e Event)
	// Revocation: a session ended before its time. Reason is ReasonLogout,
	// ReasonLogin, ReasonMaxSessions, ReasonRevoked, ReasonDenied or ReasonCompromised. The event has
	// UserID, SessionID, Device and Reason. A session that had expired already
	// is not told.
	Revocation func(ctx context.Context, e Event)
	// Rejection: a call was refused, or the store could not answer. Err says
	// why; an expired or missing access token is routine. If the store failed to end
	// the sessions of a compromise, Err matches ErrStoreUnavailable and
	// ErrCompromised. The event has Reason, Err, and what is known of the session: none
	// of it where the token is not genuine; SessionID and Ref of a genuine token; UserID
	// of a genuine access token; UserID and Device once the record was read. A failed
	// RunCleanup is logged only.
	Rejection func(ctx context.Context, e Event)
}

// JoinHooks returns hooks that call all of those given, in that order, such as an
// application's audit log and its metrics. A hook that none of them has stays nil.
func JoinHooks(hooks ...Hooks) Hooks {
	var joined Hooks
	for _, h := range hooks {
		joined.Login = join(joined.Login, h.Login)
		joined.Refresh = join(joined.Refresh, h.Refresh)
		joined.Retry = join(joined.Retry, h.Retry)
		joined.Compromise = join(joined.Compromise, h.Compromise)
		joined.Revocation = join(joined.Revocation, h.Revocation)
		joined.Rejection = join(joined.Rejection, h.Rejection)
	}
	return joined
}

func join(first, second func(context.Context, Event)) func(context.Context, Event) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context, e Event) {
		first(ctx, e)
		second(ctx, e)
	}
}

func call(ctx context.Context, hook func(context.Context, Event), e Event) {
	if hook != nil {
		hook(ctx, e)
	}
}

// LogHooks returns hooks that write an audit log: a record for every event, with the keys
// of [Event.LogValue] and one of these messages:
//
//	INFO  "tokenauth: login"
//	INFO  "tokenauth: revocation"
//	WARN  "tokenauth: compromise"
//	INFO  "tokenauth: rejection"
//	DEBUG "tokenauth: refresh"
//	DEBUG "tokenauth: retry"
//
// A rejection is at the level DEBUG if it is routine: an access token that is missing,
// has expired, or has not expired yet. If logger is nil, records go to the default logger
// of package slog at the time of the event. See Config.Logger for what the schema logs
// without hooks.
func LogHooks(logger *slog.Logger) Hooks {
	log := func(level slog.Level, message string) func(context.Context, Event) {
		return func(ctx context.Context, e Event) { logEvent(ctx, logger, level, message, e) }
	}
	return Hooks{
		Login:      log(slog.LevelInfo, "tokenauth: login"),
		Refresh:    log(slog.LevelDebug, "tokenauth: refresh"),
		Retry:      log(slog.LevelDebug, "tokenauth: retry"),
		Compromise: log(slog.LevelWarn, "tokenauth: compromise"),
		Revocation: log(slog.LevelInfo, "tokenauth: revocation"),
		Rejection: func(ctx context.Context, e Event) {
			level := slog.LevelInfo
			if isRoutine(e.Err) {
				level = slog.LevelDebug
			}
			logEvent(ctx, logger, level, "tokenauth: rejection", e)
		},
	}
}

func isRoutine(err error) bool {
	return !isOurs(err) && (errors.Is(err, ErrMissingAccessToken) || errors.Is(err, ErrAccessTokenExpired) || errors.Is(err, ErrAccessTokenNotExpired))
}

func logEvent(ctx context.Context, logger *slog.Logger, level slog.Level, message string, e Event) {
	if logger == nil {
		logger = slog.Default()
	}
	if logger.Enabled(ctx, level) {
		logger.LogAttrs(ctx, level, message, e.LogValue().Group()...)
	}
}
