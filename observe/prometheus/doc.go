// Package prometheusobserve counts, for Prometheus, what a schema does, and measures
// its store.
//
//	observer, err := prometheusobserve.New(prometheus.DefaultRegisterer, prometheusobserve.Options{})
//	schema, err := core.New(observer.Store(store), tokens, core.Config{Secret: secret, Hooks: observer.Hooks()})
//
// An application's own hooks go beside these with [core.JoinHooks].
//
// # Metrics
//
//	tokenauth_logins_total                                        sessions that began
//	tokenauth_refreshes_total                                     exchanges
//	tokenauth_retries_total                                       refreshes answered with the same pair again
//	tokenauth_compromises_total                                   stale copies that ended a user's sessions
//	tokenauth_revocations_total{reason}                           logouts and the like that ended sessions
//	tokenauth_sessions_ended_total{by}                            how many sessions these ended
//	tokenauth_rejections_total{reason}                            refused tokens and requests
//	tokenauth_store_call_duration_seconds{method,outcome}         a histogram of the store's calls
//
// by is compromise or revocation; a logout counts as one session also where that was over
// already. reason is [core.Event.Reason]: of a revocation logout, login, max_sessions or
// revoked, of a rejection the error in the JSON body of the answer. method is create, get,
// exchange, revoke, revoke_user, list_user or delete_expired. outcome is
//
//   - ok, not_found, exists or conflict: what the store answered, all of them in order;
//   - cancelled: the caller gave up;
//   - timeout: a deadline passed, the context's or one of the store's driver, which is how
//     a store that hangs shows: where there is neither, a call shows when it ends;
//   - error: the store could not answer, or panicked.
//
// No label holds a user, a session or a device, so the number of time series is bounded,
// whatever clients send. All counters are there from the beginning, at 0, and from
// [Observer.Store] on the histogram's error and timeout; its other series from their first
// call on.
//
// # Alarms
//
//	increase(tokenauth_compromises_total[5m]) > 0
//		somebody used a stolen copy
//	rate(tokenauth_store_call_duration_seconds_count{outcome=~"error|timeout"}[5m]) > 0
//		the store fails
//	rate(tokenauth_rejections_total{reason="store_unavailable"}[5m]) > 0
//		nobody can log in or stay in
//	rate(tokenauth_rejections_total{reason="invalid_refresh_token"}[5m])
//		beyond the usual, as with invalid_access_token: forged tokens arrive in numbers
//
// access_token_expired and missing_access_token are everyday.
package prometheusobserve
