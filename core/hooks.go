package core

import (
	"context"
	"time"
)

// Hooks are told what happens, for audit logs, alarms and metrics. Each is
// called after the fact, by the goroutine of the call that it tells of and
// before that call returns, so it should be quick; many may run at once. A nil
// hook is not called. Over HTTP ctx is derived from the request's, so a middleware
// around the schema's handlers can hand over in it what an Event does not have, such
// as the client's address.
type Hooks struct {
	// Login: a session began.
	Login func(ctx context.Context, e Event)
	// Refresh: an exchange succeeded; a new pair was issued.
	Refresh func(ctx context.Context, e Event)
	// Retry: a refresh was answered with the pair that its mapping has already: a
	// repetition within Config.Grace, or a refresh token younger than that.
	Retry func(ctx context.Context, e Event)
	// Compromise: a stale refresh token was presented, and ended the user's
	// sessions. It is called once for each compromise, however often the token is
	// presented, by the request that the store tells of their end. Where it
	// tells nobody, because it failed or a logout came in between, Rejection
	// and the log have it.
	Compromise func(ctx context.Context, e Event)
	// Revocation: a logout, a login in the place of a session, or a call of
	// RevokeUser ended sessions. RevokeUser knows the user and no session. The others
	// know the session; the user too if an access token of that session came
	// with the request, else the Login event of that session tells. What a login
	// ends because of Config.MaxSessions is not told: the store does it.
	Revocation func(ctx context.Context, e Event)
	// Rejection: a token was refused, a request to refresh or log out was, or the
	// store could not answer. Err tells which: an access token that has expired or is
	// missing is everyday. A presentation that Compromise tells of is not told
	// here too.
	Rejection func(ctx context.Context, e Event)
}

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
	// Rejection, that the refresh token presented is mapped to.
	Ref Ref
	// Device is the session's device.
	Device string
	// Sessions is how many sessions Compromise or Revocation ended. A logout
	// counts 1, also where the session was over already.
	Sessions int
	// Err is why, in Compromise and Rejection: one of the package's errors,
	// matched with errors.Is.
	Err error
}

func call(ctx context.Context, hook func(context.Context, Event), e Event) {
	if hook != nil {
		hook(ctx, e)
	}
}
