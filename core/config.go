package core

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// maxLeeway is the "few minutes" that RFC 7519 §4.1.4 grants.
const maxLeeway = 5 * time.Minute

// Config says how a [Schema] or a [Verifier] behaves. The zero value of every
// field but Secret is its default. New and NewVerifier copy what they need of it.
// It prints as "core.Config{redacted}", because it holds secrets; but fmt can't ask
// an unexported field of another struct how to print itself, so don't print those.
type Config struct {
	// Secret is the key material of the refresh tokens: at least 32 bytes
	// from a cryptographic random source, the same on every server; NewSecret makes
	// one. It is not the key that signs access tokens. Required by New.
	Secret []byte
	// PreviousSecrets verify refresh tokens and never make one, so that Secret
	// can be rotated without logging anybody out: put the new secret into
	// every server's PreviousSecrets first, then make it Secret and the old one
	// previous, and drop that after a RefreshTokenDuration. Default: none.
	PreviousSecrets [][]byte

	// AccessTokenDuration is how long an access token is valid, in whole
	// seconds. Default: 60 seconds.
	AccessTokenDuration time.Duration
	// RefreshTokenDuration is the time from a login to the end of its session,
	// which no refresh moves; that end is a whole second. Default: 7 days.
	RefreshTokenDuration time.Duration
	// IdleTimeout ends a session that has not been refreshed for so long. It is
	// longer than AccessTokenDuration. Default: none.
	IdleTimeout time.Duration
	// MaxSessions is how many sessions of a user can be live; a login beyond it
	// ends the oldest. Negative: no limit. Default: 1, a login ends the
	// user's other sessions.
	MaxSessions int
	// Grace is how long after an exchange the refresh token that it replaced still
	// gets the same pair again: for a second browser tab, or a retry after a lost
	// response. The same pair is the same refresh token, and an access token of the
	// same reference, iat and exp; its text can differ where signatures are random
	// (ECDSA, RSA-PSS), and its claims where RefreshClaims is set. Later the token is
	// compromised. Choose it longer than a failover of the store takes, and than a
	// request can take, by more than the servers' clocks differ: between two servers
	// the window is so much shorter. Negative: none. Default: 10 seconds.
	//
	// New wants AccessTokenDuration − RefreshBefore to be at least one second longer
	// than Grace, so that by one clock two exchanges never fall into one window.
	Grace time.Duration
	// RefreshBefore is how long before its expiry an access token can be
	// refreshed, but for the last one of its session, which no refresh could
	// prolong. Default: 0, a refresh before that is ErrAccessTokenNotExpired.
	RefreshBefore time.Duration
	// Leeway is how long after its expiry an access token is still accepted by
	// Verify and TokenRequired, for clocks that differ; at most 5 minutes.
	// A refresh takes no notice of it. Default: 0.
	Leeway time.Duration

	// RefreshClaims computes the application's claims anew at each refresh,
	// from the user's id and the claims given at login (numbers are
	// json.Number); roles may have changed. It costs one more call of the store.
	// It is called when everything else allows the refresh and nothing has
	// changed yet: where it fails, or returns what an access token can't
	// carry, the refresh is ErrClaims and the session is as it was. A retry
	// calls it again. It is called by many goroutines at once. To put out a user
	// who may no longer log in, call Schema.RevokeUser and return an error.
	// Default: the claims given at login are kept.
	RefreshClaims func(ctx context.Context, userID string, login map[string]any) (map[string]any, error)

	// VerifiedCache is how many verified access tokens are remembered until
	// they expire, so that the next request with the same token costs no
	// signature check. It pays for EdDSA, ECDSA and RSA, hardly for HMAC, whose check
	// costs about as much as the look-up. It knows nothing of keys: tokens of one that is
	// taken out go on until they expire, so where a key was stolen make the schema
	// anew. Default: 0, none.
	VerifiedCache int

	// Cookies says how the cookies look. Default: see [Cookies].
	Cookies Cookies
	// TrustedOrigins are other origins ("https://app.example.com") whose
	// pages may refresh and log out. What else such a page needs is the
	// application's: CORS headers, cookies with SameSite None where it is of
	// another site, and the same origins in an [http.CrossOriginProtection] that
	// stands around these handlers, which would refuse the request before they
	// see it. Default: none, only the server's own.
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
	// has no session. The first record is there before the sessions have ended, the
	// second says that they have. A request that its client has cancelled logs no
	// failure, but for those of revocations, which go on. No record holds a token or
	// a secret, but for what the errors of the store or of RefreshClaims might. For
	// anything else see Hooks, and [Event.LogValue]. Default: slog.Default().
	Logger *slog.Logger
	// Clock tells the time; all of it comes from here. It is called by many
	// goroutines at once. Default: time.Now.
	Clock func() time.Time
}

// withDefaults returns the config with every default filled in, or what is
// wrong with it.
func (c Config) withDefaults() (Config, error) {
	if c.AccessTokenDuration == 0 {
		c.AccessTokenDuration = 60 * time.Second
	}
	if c.RefreshTokenDuration == 0 {
		c.RefreshTokenDuration = 7 * 24 * time.Hour
	}
	switch {
	case c.MaxSessions == 0:
		c.MaxSessions = 1
	case c.MaxSessions < 0:
		c.MaxSessions = 0 // no limit, in the words of RefreshStore.Create
	}
	switch {
	case c.Grace == 0:
		c.Grace = 10 * time.Second
	case c.Grace < 0:
		c.Grace = 0
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.ErrorHandler == nil {
		c.ErrorHandler = func(w http.ResponseWriter, r *http.Request, e *Error) { e.ServeHTTP(w, r) }
	}
	var err error
	if c.Cookies, err = c.Cookies.withDefaults(); err != nil {
		return Config{}, err
	}
	switch {
	case c.Leeway < 0 || c.Leeway > maxLeeway:
		return Config{}, fmt.Errorf("Leeway is %v: it must be from 0 to %v", c.Leeway, maxLeeway)
	case c.VerifiedCache < 0 || c.VerifiedCache > maxVerifiedCache:
		return Config{}, fmt.Errorf("VerifiedCache is %d: it must be from 0 to %d", c.VerifiedCache, maxVerifiedCache)
	}
	return c, nil
}

// checkSchema says what is wrong with the durations that only a schema reads. The
// defaults are filled in.
func (c Config) checkSchema() error {
	switch {
	case c.AccessTokenDuration < 0 || c.AccessTokenDuration%time.Second != 0:
		return fmt.Errorf("AccessTokenDuration is %v: it must be a positive number of whole seconds", c.AccessTokenDuration)
	case c.RefreshTokenDuration <= c.AccessTokenDuration:
		return fmt.Errorf("RefreshTokenDuration is %v: it must be longer than AccessTokenDuration, %v", c.RefreshTokenDuration, c.AccessTokenDuration)
	case c.IdleTimeout != 0 && c.IdleTimeout <= c.AccessTokenDuration:
		return fmt.Errorf("IdleTimeout is %v: it must be longer than AccessTokenDuration, %v", c.IdleTimeout, c.AccessTokenDuration)
	case c.RefreshBefore < 0:
		return fmt.Errorf("RefreshBefore is %v: it must not be negative", c.RefreshBefore)
	case c.AccessTokenDuration-c.RefreshBefore-time.Second < c.Grace:
		// The second more is what iat, in whole seconds, can lose.
		return fmt.Errorf("Grace is %v: it must be at least a second shorter than AccessTokenDuration − RefreshBefore, %v − %v",
			c.Grace, c.AccessTokenDuration, c.RefreshBefore)
	}
	return nil
}
