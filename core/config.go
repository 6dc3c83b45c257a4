package core

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// CompromiseReach says which sessions a compromise ends.
type CompromiseReach int

const (
	// UserSessions ends all sessions of the user.
	UserSessions CompromiseReach = iota
	// OneSession ends the session of the compromised token alone.
	OneSession
)

// Config says how a [Schema] behaves. The zero value of every field but Secret is its
// default. New copies what it needs of it. It prints as "core.Config{redacted}",
// because it holds secrets. But fmt cannot ask an unexported field of another struct how
// to print itself, so do not print those.
type Config struct {
	// Secret is the key material of the refresh tokens: at least 32 bytes
	// from a cryptographic random source, the same on every server; NewSecret makes
	// one. It is not the key that signs access tokens. Required by New.
	Secret []byte
	// PreviousSecrets verify refresh tokens and never make one. To rotate Secret without
	// logging anybody out, put the new secret into every server's PreviousSecrets
	// first. Then make it Secret and the old one previous. Drop the old one after a
	// RefreshTokenDuration. Default: none.
	PreviousSecrets [][]byte

	// AccessTokenDuration is how long an access token is valid, in whole
	// seconds. Default: 60 seconds.
	AccessTokenDuration time.Duration
	// RefreshTokenDuration is the time from a login to the end of its session,
	// which no refresh moves; that end is a whole second. Default: 7 days.
	RefreshTokenDuration time.Duration
	// IdleTimeout ends a session that has not been refreshed for so long. It must be
	// longer than AccessTokenDuration. A retry does not count. Default: none.
	IdleTimeout time.Duration
	// MaxSessions is how many sessions of a user can be live. A login beyond it
	// ends the oldest. Negative: no limit. Default: 1, a login ends the
	// user's other sessions. If a browser sends one login twice, as by a double click,
	// the second ends the first, whose response may come last. So make the page send it
	// once.
	MaxSessions int
	// Grace limits retries. A refresh token that is one exchange behind is a
	// retry: it gets the pair that its session has now. So a lost response, a
	// closed page or a second tab never logs anyone out. Default: 0, a token is a
	// retry until the next exchange, however long that takes.
	//
	// A positive Grace limits that to the time since the exchange. A thief is then
	// detected sooner. But a client that loses a response and comes back later is
	// taken for a thief. Choose it longer than a request or a failover of the store can
	// take, and than clocks differ. Negative: there are no retries, and every lost
	// response looks like theft.
	Grace time.Duration
	// CompromiseEnds says which sessions a compromised refresh token ends. With
	// OneSession the thief of one device's tokens, and a client that has lost its
	// tokens, end that session alone. Default: UserSessions.
	CompromiseEnds CompromiseReach
	// RefreshBefore is how long before its expiry an access token can be refreshed. A
	// session's last access token cannot be refreshed early, because no refresh could
	// prolong it. RefreshBefore must be at least a second shorter than AccessTokenDuration.
	// It allows for servers whose clocks differ: choose it longer than they do.
	// Negative: none. Default: 10 seconds, or a sixth of AccessTokenDuration if
	// that is shorter.
	RefreshBefore time.Duration
	// Leeway is how long after its expiry an access token is still accepted by
	// Verify and TokenRequired, for clocks that differ; at most 5 minutes.
	// A refresh does not look at it. Default: 0.
	Leeway time.Duration

	// RefreshClaims computes the application's claims at each refresh,
	// from the user's id and the claims given at login (numbers are
	// json.Number); roles may have changed. It costs one more call of the store.
	// It is called when everything else allows the refresh and nothing has
	// changed yet. A retry calls it again. It is called by many goroutines at once.
	//
	// If it returns an error that matches ErrDenied, the session ends. After any other
	// error the refresh is ErrClaims, and the session is as it was. Claims that an
	// access token cannot carry are ErrInvalidClaims. Default: the claims given at
	// login are kept.
	RefreshClaims func(ctx context.Context, userID string, login map[string]any) (map[string]any, error)

	// VerifiedCache is how many verified access tokens are remembered until
	// they expire, so that the next request with the same token costs no
	// signature check. It pays for EdDSA, ECDSA and RSA, hardly for HMAC, whose check
	// costs about as much as the look-up. The cache is not cleared when keys change: if a key was
	// stolen, make a new schema. Default: 0, none.
	VerifiedCache int

	// StoreTimeout is the deadline of every call of the store, within that of its
	// request, so that a store that hangs holds up nobody for longer. Negative: none.
	// Default: 5 seconds.
	StoreTimeout time.Duration

	// Accept says where access tokens are taken from. Choose CookiesOnly if a proxy or
	// another issuer adds an Authorization header of its own. Default:
	// HeaderThenCookies.
	Accept Accept
	// Cookies says how the cookies look. Default: see [Cookies].
	Cookies Cookies
	// TrustedOrigins are other origins ("https://app.example.com") whose
	// pages may log in, refresh, log out and open WebSockets. Such a page also needs CORS
	// headers, and cookies with SameSite None if it is of another site. An [http.CrossOriginProtection]
	// around these handlers must trust the same origins. If a proxy changes the Host header
	// and browsers use plain HTTP, list the server's own origin too. Default: none, only the
	// server's own.
	TrustedOrigins []string
	// ErrorHandler writes the status and the body of a refused request, whose
	// headers (WWW-Authenticate, Retry-After, Allow, Cache-Control,
	// Set-Cookie) are set already. It is called by many goroutines at once.
	// Default: e.ServeHTTP(w, r), which writes the status and a JSON body.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, e *Error)
	// Hooks are told what happens. Default: none.
	Hooks Hooks
	// Logger receives what an operator should see: compromises and failures
	// of the store, in records that alarms can rely on:
	//
	//	WARN  "tokenauth: refresh token compromised"                        user, session
	//	WARN  "tokenauth: sessions of a compromised refresh token ended"    user, session, sessions
	//	ERROR "tokenauth: store unavailable"                                doing, err
	//	ERROR "tokenauth: claims unavailable"                               user, session, err
	//
	// sessions is a number, err an error, the others are strings; a login that fails
	// has no session. The first record is written before the sessions have ended, the
	// second afterwards. A request that its client has cancelled logs no failure,
	// except of revocations, which go on. No record holds a token or a secret, unless an
	// error of the store or of RefreshClaims does. For anything else see Hooks.
	// Default: slog.Default().
	Logger *slog.Logger
	// Clock tells the time; all of it comes from here. It is called by many
	// goroutines at once. Default: time.Now.
	Clock func() time.Time
}

// withDefaults returns the config with its own defaults filled in. Those of the fields
// that a Verifier has too are the Verifier's.
func (c Config) withDefaults() Config {
	if c.AccessTokenDuration == 0 {
		c.AccessTokenDuration = 60 * time.Second
	}
	if c.RefreshTokenDuration == 0 {
		c.RefreshTokenDuration = 7 * 24 * time.Hour
	}
	if c.MaxSessions == 0 {
		c.MaxSessions = 1
	}
	switch {
	case c.RefreshBefore == 0:
		c.RefreshBefore = min(10*time.Second, c.AccessTokenDuration/6, c.AccessTokenDuration-time.Second)
	case c.RefreshBefore < 0:
		c.RefreshBefore = 0
	}
	switch {
	case c.StoreTimeout == 0:
		c.StoreTimeout = 5 * time.Second
	case c.StoreTimeout < 0:
		c.StoreTimeout = 0
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}

// check returns an error that names the field that cannot work, but for those that a
// Verifier has too and the secrets. The defaults are filled in.
func (c Config) check() error {
	switch {
	case c.AccessTokenDuration < 0 || c.AccessTokenDuration%time.Second != 0:
		return fmt.Errorf("AccessTokenDuration is %v: it must be a positive number of whole seconds", c.AccessTokenDuration)
	case c.RefreshTokenDuration <= c.AccessTokenDuration:
		return fmt.Errorf("RefreshTokenDuration is %v: it must be longer than AccessTokenDuration, %v", c.RefreshTokenDuration, c.AccessTokenDuration)
	case c.IdleTimeout != 0 && c.IdleTimeout <= c.AccessTokenDuration:
		return fmt.Errorf("IdleTimeout is %v: it must be longer than AccessTokenDuration, %v", c.IdleTimeout, c.AccessTokenDuration)
	case c.RefreshBefore > c.AccessTokenDuration-time.Second: // the second is what iat, in whole seconds, can lose
		return fmt.Errorf("RefreshBefore is %v: it must be at least a second shorter than AccessTokenDuration, %v", c.RefreshBefore, c.AccessTokenDuration)
	case c.CompromiseEnds != UserSessions && c.CompromiseEnds != OneSession:
		return fmt.Errorf("CompromiseEnds is %d: it must be UserSessions or OneSession", c.CompromiseEnds)
	}
	return nil
}
