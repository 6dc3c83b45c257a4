// Package prometheusobserve exports metrics of a schema and its store to Prometheus.
//
//	observer, err := prometheusobserve.New(prometheus.DefaultRegisterer, prometheusobserve.Options{})
//	schema, err := core.New(observer.Store(store), signer, core.Config{Secret: secret, Hooks: observer.Hooks()})
//
// Add your own hooks with [core.JoinHooks].
//
// # Metrics
//
//	tokenauth_logins_total                                 sessions that began
//	tokenauth_refreshes_total                              refreshes that gave the next pair of tokens
//	tokenauth_retries_total                                refreshes that gave the present pair again
//	tokenauth_compromises_total                            stale refresh tokens that ended sessions
//	tokenauth_sessions_ended_total{reason}                 sessions that ended before they expired
//	tokenauth_rejections_total{reason}                     calls of the schema that were refused or failed
//	tokenauth_store_call_duration_seconds{method,outcome}  a histogram of the calls of the store
//
// A compromise counts once, and each session that it ended counts in
// tokenauth_sessions_ended_total. It is not a rejection, unless it ended nothing.
//
// # Labels
//
// The reason of a session's end is logout, login, max_sessions, revoked, denied or
// refresh_token_compromised.
//
// The reason of a rejection is the error in the JSON body of the response:
// missing_access_token, invalid_access_token, access_token_expired,
// access_token_not_expired, missing_refresh_token, invalid_refresh_token,
// refresh_token_compromised, session_ended, no_such_session, store_unavailable,
// keys_unavailable, claims_unavailable, invalid_claims, cross_origin, method_not_allowed or
// too_many_cookies.
//
// The method is create, get, exchange, revoke, list_user or delete_expired. The outcome is
// ok, not_found, exists, conflict, cancelled, timeout or error: see [core.Outcome]. A
// store that hangs shows as timeout if its calls have a deadline, and else when they end.
// [core.RecordIterator] is not measured.
//
// No label holds a user, a session, a device or the text of an error. So there are at most
// 26 counters and 42 histograms, whatever clients send. The counters begin at 0, and so
// do the histograms of timeout and error. The other histograms begin with their first
// call.
//
// # Alarms
//
//	increase(tokenauth_compromises_total[5m]) > 0
//		a stale refresh token was presented, as a thief would
//	rate(tokenauth_store_call_duration_seconds_count{outcome=~"timeout|error"}[5m]) > 0
//		the store fails
//	rate(tokenauth_rejections_total{reason="store_unavailable"}[5m]) > 0
//		users cannot log in or refresh
//	rate(tokenauth_rejections_total{reason=~"invalid_access_token|invalid_refresh_token"}[5m])
//		above the usual: somebody may be trying forged tokens
//
// Rejections for access_token_expired and missing_access_token are routine.
package prometheusobserve
