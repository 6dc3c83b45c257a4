// Package otelobserve tells OpenTelemetry what a schema does: by metrics, by spans around
// the calls of its store, and by events on the spans of requests.
//
//	observer, err := otelobserve.New(otelobserve.Options{})
//	schema, err := core.New(observer.Store(store), tokens, core.Config{Secret: secret, Hooks: observer.Hooks()})
//
// It needs the API of OpenTelemetry alone; the application sets up the SDK. An
// application's own hooks go beside these with [core.JoinHooks].
//
// # Metrics
//
//	tokenauth.logins               {login}         sessions that began
//	tokenauth.refreshes            {refresh}       exchanges
//	tokenauth.retries              {retry}         refreshes answered with the same pair again
//	tokenauth.compromises          {compromise}    stale copies that ended a user's sessions
//	tokenauth.revocations          {revocation}    logouts and the like that ended sessions, with
//	                                               tokenauth.reason
//	tokenauth.sessions.ended       {session}       how many sessions these ended, with tokenauth.ended_by
//	tokenauth.rejections           {rejection}     refused tokens and requests, with tokenauth.reason
//	tokenauth.store.call.duration  s               a histogram of the store's calls, with
//	                                               tokenauth.store.method and tokenauth.store.outcome
//
// tokenauth.ended_by is compromise or revocation; a logout counts as one session also
// where that was over already. tokenauth.reason is [core.Event.Reason]: of a revocation
// logout, login, max_sessions or revoked, of a rejection the error in the JSON body of
// the answer. tokenauth.store.method is create, get, exchange, revoke, revoke_user,
// list_user or delete_expired. tokenauth.store.outcome is
//
//   - ok, not_found, exists or conflict: what the store answered, all of them in order;
//   - cancelled: the caller gave up;
//   - timeout: a deadline passed, the context's or one of the store's driver, which is how
//     a store that hangs shows: where there is neither, a call shows when it ends;
//   - error: the store could not answer, or panicked.
//
// # Traces
//
// Every call of the store is a span of the kind internal, named tokenauth.store.METHOD,
// with the two attributes above; spans of the store's driver are below it. Its status is
// Error for the outcomes timeout and error. On the span of the request, a compromise is the
// event tokenauth.compromise with the number of sessions that it ended,
// tokenauth.sessions, and a refusal is the event tokenauth.rejection with
// tokenauth.reason.
//
// No attribute holds a user, a session, a device or the text of an error: who is to see
// those reads the audit log that an application makes of its hooks.
package otelobserve
