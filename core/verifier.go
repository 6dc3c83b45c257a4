package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// maxAccessTokenBytes is the longest access token that is looked at; no longer
// one fits in a cookie.
const maxAccessTokenBytes = maxCookieBytes

// Verifier verifies access tokens and does nothing else: it is for a resource
// server, which has no store and, with asymmetric keys, no secret. NewVerifier
// makes one. It is safe for concurrent use. It prints as "core.Verifier{redacted}".
type Verifier struct {
	cfg    Config // defaults filled in
	tokens TokenVerifier
	cache  *verifiedCache // nil where there is none
}

// NewVerifier returns a verifier of the access tokens that tokens verifies. Of
// the config it reads Leeway, VerifiedCache, Cookies, ErrorHandler, Hooks.Rejection
// and Clock; it needs no Secret. It returns an error for a config that can't work,
// and says which field is wrong.
func NewVerifier(tokens TokenVerifier, cfg Config) (*Verifier, error) {
	if isNil(tokens) {
		return nil, errors.New("core: no access tokens")
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	cfg.Secret, cfg.PreviousSecrets = nil, nil
	return newVerifier(tokens, cfg), nil
}

func newVerifier(tokens TokenVerifier, cfg Config) *Verifier {
	return &Verifier{cfg: cfg, tokens: tokens, cache: newVerifiedCache(cfg.VerifiedCache)}
}

// Verify returns the claims of an access token that is genuine and has not
// expired. It never touches storage. Any other text is ErrInvalidAccessToken,
// an empty one ErrMissingAccessToken; a genuine token is ErrAccessTokenExpired
// from its exp (plus Config.Leeway) on. ctx is for hooks alone.
func (v *Verifier) Verify(ctx context.Context, accessToken string) (Claims, error) {
	c, err := v.verify(accessToken, v.cfg.Clock())
	if err != nil {
		return Claims{}, v.reject(ctx, err, Event{UserID: c.UserID, SessionID: c.SessionID, Ref: c.Ref})
	}
	return c, nil
}

// verify returns the claims together with ErrAccessTokenExpired.
func (v *Verifier) verify(text string, now time.Time) (Claims, error) {
	c, cached := v.cache.get(text)
	if !cached {
		var err error
		if c, err = v.genuine(text); err != nil {
			return Claims{}, err
		}
	}
	if !now.Before(c.ExpiresAt.Add(v.cfg.Leeway)) {
		return c, ErrAccessTokenExpired
	}
	if !cached {
		v.cache.add(text, c, now)
	}
	return c, nil
}

// genuine returns the claims of a genuine access token, expired or not.
func (v *Verifier) genuine(text string) (Claims, error) {
	switch {
	case text == "":
		return Claims{}, ErrMissingAccessToken
	case len(text) > maxAccessTokenBytes:
		return Claims{}, fmt.Errorf("%w: longer than %d bytes", ErrInvalidAccessToken, maxAccessTokenBytes)
	}
	c, err := v.tokens.Verify(text)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalidAccessToken, err)
	}
	return c, nil
}

// reject tells the Rejection hook of an error and returns it.
func (v *Verifier) reject(ctx context.Context, err error, e Event) error {
	if v.cfg.Hooks.Rejection != nil {
		e.At, e.Err = v.cfg.Clock().UTC(), err
		v.cfg.Hooks.Rejection(ctx, e)
	}
	return err
}

// Verify returns the claims of an access token that is genuine and has not
// expired. It never touches storage. Any other text is ErrInvalidAccessToken,
// an empty one ErrMissingAccessToken; a genuine token is ErrAccessTokenExpired
// from its exp (plus Config.Leeway) on. ctx is for hooks alone.
func (s *Schema) Verify(ctx context.Context, accessToken string) (Claims, error) {
	return s.verifier.Verify(ctx, accessToken)
}

// TokenRequired returns a handler that lets only requests with a valid access token
// through to next, which sees the claims by ClaimsFrom. See [Verifier.TokenRequired].
func (s *Schema) TokenRequired(next http.Handler) http.Handler {
	return s.verifier.TokenRequired(next)
}
