// Package core implements sessions with two tokens and a store of your choice. It
// depends on the standard library alone.
//
// An access token is a short-lived JWT (60 seconds by default). It authorizes requests
// without touching storage. A refresh token is long-lived (7 days by default). It is
// backed by a [Record] in a [RefreshStore], and buys the next pair of tokens. The record
// is mapped to one access token, the last one issued with it. A refresh token
// that is two exchanges behind is a stale copy: it is compromised, and the user's
// sessions end.
//
// [New] makes a [Schema] of a store, an access-token format (package jwttoken) and a
// [Config]:
//
//	schema, err := core.New(store, signer, core.Config{Secret: secret})
//
// A Schema has two layers. Without HTTP: [Schema.Login], [Schema.Verify],
// [Schema.Refresh], [Schema.Logout], [Schema.RevokeUser], [Schema.Sessions].
// Over it, for any router that takes func(http.Handler) http.Handler:
// [Schema.SetTokenCookies], [Schema.TokenRequired], [Schema.RefreshAccessToken],
// [Schema.ClearTokenCookies], and for clients without cookies [Schema.WriteTokens],
// [Schema.TokenEndpoint] and [Schema.RevocationEndpoint]. A resource server that only
// verifies needs a [Verifier]. The examples folder of the repository has complete
// programs.
//
// # Refreshing
//
// Every refresh is an exchange: it returns a new pair, and the record is mapped to that.
// The refresh token that was exchanged stays a retry until the next exchange: it gets the
// pair that the session has now. Opening two tabs, losing a response, closing a
// page while it loads or sleeping for days never logs anyone out.
//
// A refresh token that is two exchanges behind has been copied. It ends the sessions of
// its user. See Config.Grace and Config.CompromiseEnds for other choices.
//
// The refresh token carries its mapping under a MAC. The store never holds a credential,
// and a forged token never reaches it. A store that was rolled back, by a
// failover or a restored backup, logs nobody out: a genuine token that is ahead of its
// record shows that the record is behind, and the exchange goes on from there. A
// login that the store has forgotten must be repeated. A revocation that it has forgotten
// must be repeated too, by the operator ([Schema.RevokeUser]).
//
// # Calls of the store
//
// This is what each operation asks of the store, with hooks or without.
//
//	Verify                                      none
//	Login                                       Create
//	Login, evicting sessions                    Create
//	Login, in the place of a session            Revoke, Create
//	Refresh                                     Exchange
//	Refresh, without an access token            Get, Exchange
//	Refresh, of a pair a few seconds old        Get
//	Refresh, with Config.RefreshClaims          Get, Exchange
//	Refresh, a retry                            Exchange or Get
//	Refresh, too early                          Get
//	Refresh, a compromise                       Exchange or Get, Revoke
//	Refresh, denied by Config.RefreshClaims     Get, Revoke
//	Refresh, of a token that is not genuine     none
//	Logout                                      Revoke
//	RevokeSession                               Revoke
//	RevokeSession, of a session that has ended  Revoke, Get
//	RevokeOtherSessions                         Revoke
//	RevokeUser                                  Revoke
//	RevokeUserOf                                Get, Revoke
//	Sessions, HasSessions                       ListUser
//	VerifySession, SessionOf                    Get
//	Compromised, VerifyRefreshToken             Get
//	Ping                                        Get
//	RunCleanup, each 500 expired records        DeleteExpired
//
// The HTTP layer asks what these ask. A login or logout whose cookies hold tokens of
// several sessions revokes each of them.
//
// # Caveats
//
// An access token is valid until it expires, whatever happens to its session
// meanwhile; [Schema.SessionRequired] asks the store. A thief who copies a refresh token,
// and refreshes as often as its owner, stays undetected while the two never are two
// exchanges apart. The end of the session bounds that, and a short Config.Grace
// makes it less likely.
package core
