package core

import (
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

// Tokens is a pair of tokens, as a login or a refresh issues it. It prints and
// logs as "core.Tokens{redacted}", and encoding/json leaves the tokens out. But fmt
// cannot ask an unexported field of another struct how to print itself.
type Tokens struct {
	// AccessToken authorizes requests until Claims.ExpiresAt.
	AccessToken string `json:"-"`
	// RefreshToken buys the next pair, once the access token has expired.
	RefreshToken string `json:"-"`
	// Claims is what the access token says.
	Claims Claims
	// ExpiresAt is when the session ends at the latest. No refresh moves it.
	ExpiresAt time.Time
	// BrowserSession means that the cookies end with the browser: see LoginOptions.
	BrowserSession bool
}

// TokenVerifier tells genuine access tokens from others. Implementations are
// safe for concurrent use.
type TokenVerifier interface {
	// Verify returns the claims of a token whose signature and form are right,
	// and an error for any other text. It never judges times: it returns the
	// claims of an expired token, because a refresh needs them. The error
	// holds no part of the token. One that matches ErrKeysUnavailable is not a verdict.
	Verify(token string) (Claims, error)
}

// TokenSigner makes and verifies access tokens: it is the access-token format.
// Package jwttoken has the usual ones. Implementations are safe for concurrent use.
//
// If one has a method HasKey(b []byte) bool, New asks it whether a secret is one of its keys,
// and then refuses that secret: every server that verifies access tokens could make refresh
// tokens. If one has a method Purpose() string, its result becomes part of the key derivation: a refresh
// token of one purpose is not genuine for another, even if both schemas share a
// Config.Secret. A different purpose ends all sessions.
type TokenSigner interface {
	TokenVerifier
	// Sign returns the token that carries these claims, such that Verify
	// returns the same claims. Times are whole seconds, the reference is a
	// UUIDv4, no field but Extra is empty. The token consists of the characters of a
	// bearer token (b64token in RFC 6750 §2.1), which a cookie can have too, and is at most
	// 8192 bytes long. If the claims cannot be carried, the error matches
	// ErrInvalidClaims: Extra is not a JSON object, has a name that is reserved, or is too
	// long. Any other error means that the same call may succeed later.
	Sign(c Claims) (string, error)
}

// checkLength returns an error if Verify would refuse the access token for its length.
func checkLength(accessToken string) error {
	if len(accessToken) > maxAccessTokenBytes {
		return fmt.Errorf("the access token must be at most %d bytes long, and with these claims it is %d", maxAccessTokenBytes, len(accessToken))
	}
	return nil
}

// maxAccessTokenBytes is the longest access token that is made and looked at. A header
// of common servers and proxies has room for it.
const maxAccessTokenBytes = 8192

// pair issues the pair of a mapping. The same mapping always gives the same reference,
// and for a while the same times. An access token that has expired is issued again, with
// new times. So is one that could soon be refreshed: see [Schema.again].
func (s *Schema) pair(userID string, t sealed.Token, extra string, now time.Time) (Tokens, error) {
	claims := Claims{
		UserID:    userID,
		Ref:       t.Ref,
		SessionID: recordID(t),
		Extra:     extra,
	}
	issue := func(at time.Time) {
		claims.IssuedAt = at.Truncate(time.Second)
		// A session's last access token ends with it.
		claims.ExpiresAt = earlier(claims.IssuedAt.Add(s.cfg.AccessTokenDuration), t.Deadline)
	}
	issue(t.Issued)
	if soon := s.cfg.RefreshBefore + max(s.cfg.young(), 0)/2; !now.Before(claims.ExpiresAt.Add(-soon)) {
		issue(now)
	}
	access, err := s.signer.Sign(claims)
	if err != nil {
		return Tokens{}, fmt.Errorf("sign the access token: %w", err)
	}
	return Tokens{
		AccessToken: access, RefreshToken: s.keys.Seal(t), Claims: claims,
		ExpiresAt: t.Deadline, BrowserSession: t.BrowserSession,
	}, nil
}
