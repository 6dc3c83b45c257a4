// Package otelobserve exports metrics and traces of a schema and its store to
// OpenTelemetry.
//
//	observer, err := otelobserve.New(otelobserve.Options{})
//	schema, err := core.New(observer.Store(store), signer, core.Config{Secret: secret, Hooks: observer.Hooks()})
//
// It needs the API of OpenTelemetry alone. The application sets up the SDK. Add your own
// hooks with [core.JoinHooks].
//
// # Metrics
//
//	tokenauth.logins               {login}       sessions that began
//	tokenauth.refreshes            {refresh}     refreshes that gave the next pair of tokens
//	tokenauth.retries              {retry}       refreshes that gave the present pair again
//	tokenauth.compromises          {compromise}  stale refresh tokens that ended sessions
//	tokenauth.sessions.ended       {session}     sessions that ended before they expired
//	tokenauth.rejections           {rejection}   calls of the schema that were refused or failed
//	tokenauth.store.call.duration  s             a histogram of the calls of the store
//
// A compromise counts once, and each session that it ended counts in
// tokenauth.sessions.ended. It is not a rejection, unless it ended nothing.
//
// # Attributes
//
// The tokenauth.reason of a session's end is logout, login, max_sessions, revoked, denied or
// refresh_token_compromised.
//
// The tokenauth.reason of a rejection is the error in the JSON body of the response:
// missing_access_token, invalid_access_token, access_token_expired,
// access_token_not_expired, missing_refresh_token, invalid_refresh_token,
// refresh_token_compromised, session_ended, no_such_session, store_unavailable,
// keys_unavailable, claims_unavailable, invalid_claims, cross_origin, method_not_allowed or
// too_many_cookies.
//
// Calls of the store have tokenauth.store.method and tokenauth.store.outcome. The method is
// create, get, exchange, revoke, list_user or delete_expired. The outcome is ok, not_found,
// exists, conflict, cancelled, timeout or error: see [core.Outcome]. A store that hangs
// shows as timeout if its calls have a deadline, and else when they end.
// [core.RecordIterator] is neither measured nor traced.
//
// No attribute holds a user, a session, a device or the text of an error. So there are at
// most 26 counters and 42 histograms, whatever clients send.
//
// # Traces
//
// Every call of the store is a span of the kind internal. Its name is tokenauth.store. and
// the method. It has the attributes of the call, and the status Error if the outcome is
// timeout or error. Spans of the store's driver are below it.
//
// The span of the request gets events. tokenauth.compromise has the number of sessions that
// ended, tokenauth.sessions. tokenauth.rejection has tokenauth.reason.
package otelobserve
