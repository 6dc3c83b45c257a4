// Package core is token authentication with two tokens and a store of your
// choosing. It depends on the standard library alone.
//
// An access token is a short-lived JWT (60 seconds by default) that authorizes
// requests without touching storage. A refresh token is long-lived (7 days) and
// kept as a record in a [RefreshStore]. It is mapped to exactly one access token,
// the last one issued with it, and buys the next one once that has expired.
// Whoever presents a refresh token that is mapped to something else holds a stale
// copy: the token is compromised, and the user's sessions end.
//
// [New] makes a [Schema] of a store, an access-token format (package jwttoken) and a
// [Config]:
//
//	schema, err := core.New(store, tokens, core.Config{Secret: secret})
//
// It has two layers. Without HTTP: [Schema.Login], [Schema.Verify],
// [Schema.Refresh], [Schema.Logout], [Schema.RevokeUser], [Schema.Sessions].
// Over it, for any router that takes func(http.Handler) http.Handler:
// [Schema.SetTokenCookies], [Schema.TokenRequired], [Schema.RefreshAccessToken],
// [Schema.ClearTokenCookies], and for clients without cookies [Schema.WriteTokens],
// [Schema.TokenEndpoint] and [Schema.RevocationEndpoint]. A resource server that only
// verifies needs a [Verifier]. The folder examples of the repository has programs
// that run.
//
// # Refreshing
//
// Every refresh is an exchange: it yields a new pair, and the refresh token that
// it replaced is worth nothing once Config.Grace has passed. Until then it gets the very
// same pair again, so that two open tabs, or a retry after a lost answer, harm
// nobody. The refresh token carries its mapping under a MAC; the store never holds a
// credential, and a forged token never reaches it.
//
// A store that has forgotten exchanges, after a failover or a restored backup, logs
// nobody out: a genuine token that is ahead of its record shows that the record is
// behind, and the exchange goes on from there. A forgotten login must be
// repeated, and a forgotten revocation too, by the operator ([Schema.RevokeUser]).
//
// # What stays
//
// An access token is valid until it expires, whatever happens to its session
// meanwhile. An exchange whose answer never arrived, retried after Config.Grace,
// looks like theft: choose Grace longer than a failover takes, than a request can
// take, and than the servers' clocks differ. A thief who refreshes within Grace of
// the owner every time stays unseen until one of them misses: a smaller Grace
// narrows that, and the end of the session bounds it.
package core
