package core

import "context"

// Hooks are told what happens, for audit logs, alarms and metrics. Each is called
// after the fact, by the goroutine of the call that it tells of and before that call
// returns, so it should be quick and must not panic; many may run at once. A nil hook
// is not called. ctx has the values of the context of the call, over HTTP of the request:
// in it a caller, or a middleware around the schema's handlers, can hand over what an Event
// does not have, such as the client's address. LogHooks writes an audit log, JoinHooks has
// several told. What ends one way is told once: a login or a refresh that succeeds by its
// own hook, one that fails by Rejection or Compromise. A login that is ErrInvalidLogin is a
// mistake of the application's, and told by its error alone.
//
// Every hook gets At. What else an event has is said for each; a field that is not
// named is zero.
type Hooks struct {
	// Login: a session began. Its event has UserID, SessionID, Ref and Device.
	Login func(ctx context.Context, e Event)
	// Refresh: an exchange succeeded; a new pair was issued. Its event has UserID,
	// SessionID, Ref and Device.
	Refresh func(ctx context.Context, e Event)
	// Retry: a refresh was answered with the pair that its mapping has already: a
	// repetition within Config.Grace, or a refresh token younger than that. Its event
	// has UserID, SessionID, Ref and Device.
	Retry func(ctx context.Context, e Event)
	// Compromise: a stale refresh token was presented, and ended the user's
	// sessions. It is called once for each compromise, however often the token is
	// presented, by the request that the store tells of their end. Where it
	// tells nobody, because it failed or a logout came in between, Rejection
	// and the log have it. Its event has UserID, SessionID, Ref, Device, Sessions and
	// Err.
	Compromise func(ctx context.Context, e Event)
	// Revocation: a logout, a login in the place of a session, or a call that ends
	// sessions did so, and Event.Reason says which. Its event has Sessions and UserID.
	// RevokeUser and RevokeUserOf tell of all sessions at once (which they are, Sessions
	// says before); the others tell of each session, with SessionID and, where its record
	// was read, Device. Where no access token tells whose session a logout or a login has
	// ended, the record is read for it: one more call of the store, and if that fails the
	// event has no UserID. For what a login ends because of Config.MaxSessions the store
	// is asked before and after it, where there is such a limit; of two logins at once one
	// may end the other's session untold.
	Revocation func(ctx context.Context, e Event)
	// Rejection: a token was refused, a request to refresh or to end sessions was, or
	// the store could not answer. Err tells which: an access token that has expired or is
	// missing is everyday. A presentation that Compromise tells of is not told
	// here too; one whose sessions the store failed to end is, with an Err that matches
	// ErrStoreUnavailable and ErrCompromised. Its event has Err and what is
	// known of the session: nothing where the token is not genuine, SessionID and Ref
	// from a genuine one, UserID from an access token that is genuine, and UserID and
	// Device once its record was read.
	// A failed RunCleanup is told to the log alone.
	Rejection func(ctx context.Context, e Event)
}

// JoinHooks returns hooks that tell all of those given, in that order, such as an
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
