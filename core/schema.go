package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"
)

// Schema is the whole of it: it logs users in, verifies their access tokens,
// refreshes them and ends sessions. New makes one. It is safe for concurrent use
// and starts no goroutine. It prints as "core.Schema{redacted}".
type Schema struct {
	cfg      Config // defaults filled in
	store    RefreshStore
	tokens   TokenSigner
	keys     keyring
	origins  *http.CrossOriginProtection
	verifier *Verifier
}

// New returns a schema that keeps its sessions in store and makes its access
// tokens with tokens. It returns an error for a config that can't work, and says
// which field is wrong, or for a store or tokens that are nil. It never closes the store.
func New(store RefreshStore, tokens TokenSigner, cfg Config) (*Schema, error) {
	if isNil(store) {
		return nil, errors.New("core: no store")
	}
	if isNil(tokens) {
		return nil, errors.New("core: no access tokens")
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	if err := cfg.checkSecrets(tokens); err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	if err := cfg.checkSchema(); err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	keys, err := newKeyring(append([][]byte{cfg.Secret}, cfg.PreviousSecrets...))
	if err != nil {
		return nil, fmt.Errorf("core: derive keys: %w", err)
	}
	origins := http.NewCrossOriginProtection()
	for _, origin := range cfg.TrustedOrigins {
		if err := origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("core: TrustedOrigins: %w", err)
		}
	}
	cfg.Secret, cfg.PreviousSecrets = nil, nil // the keys replace them
	return &Schema{
		cfg: cfg, store: store, tokens: tokens, keys: keys, origins: origins,
		verifier: newVerifier(tokens, cfg),
	}, nil
}

// isNil reports whether there is nothing in v, or a nil pointer, as from a constructor
// that has failed and whose error was overlooked.
func isNil(v any) bool {
	p := reflect.ValueOf(v)
	return v == nil || p.Kind() == reflect.Pointer && p.IsNil()
}

// Tokens is a pair of tokens, as a login or a refresh issues it. It prints and
// logs as "core.Tokens{redacted}", and encoding/json leaves the tokens out; but fmt
// can't ask an unexported field of another struct how to print itself.
type Tokens struct {
	// AccessToken authorizes requests until Claims.ExpiresAt.
	AccessToken string `json:"-"`
	// RefreshToken buys the next pair, once the access token has expired.
	RefreshToken string `json:"-"`
	// Claims is what the access token says.
	Claims Claims
	// ExpiresAt is when the session ends at the latest; no refresh moves it.
	ExpiresAt time.Time
}

// now returns the present moment as records hold it.
func (s *Schema) now() time.Time {
	return s.cfg.Clock().UTC().Truncate(time.Millisecond)
}

// pair issues the pair of a mapping. The same mapping always gives the same
// reference, iat, exp and refresh token.
func (s *Schema) pair(userID string, t refreshToken, extra string) (Tokens, error) {
	claims := Claims{
		UserID:    userID,
		Ref:       t.ref,
		SessionID: t.recordID(),
		IssuedAt:  t.issued.Truncate(time.Second),
		Extra:     extra,
	}
	// A session's last access token ends with it.
	claims.ExpiresAt = earlier(claims.IssuedAt.Add(s.cfg.AccessTokenDuration), t.deadline)
	access, err := s.tokens.Sign(claims)
	if err != nil {
		return Tokens{}, fmt.Errorf("sign the access token: %w", err)
	}
	return Tokens{AccessToken: access, RefreshToken: s.keys[0].seal(t), Claims: claims, ExpiresAt: t.deadline}, nil
}

// pairForCookies issues the pair of a mapping if cookies can carry it.
func (s *Schema) pairForCookies(userID string, t refreshToken, extra string) (Tokens, error) {
	pair, err := s.pair(userID, t, extra)
	if err != nil {
		return Tokens{}, err
	}
	if err := s.cfg.Cookies.checkSize(pair.AccessToken); err != nil {
		return Tokens{}, err
	}
	return pair, nil
}

// expiry returns the ExpiresAt of a record that was last used at that moment.
func (s *Schema) expiry(used, deadline time.Time) time.Time {
	if s.cfg.IdleTimeout == 0 {
		return deadline
	}
	return earlier(used.Add(s.cfg.IdleTimeout).Truncate(time.Millisecond), deadline)
}

// unavailable turns the failure of a store into the schema's own error, and logs
// it unless the caller itself gave up.
func (s *Schema) unavailable(ctx context.Context, doing string, err error) error {
	s.logFailure(ctx, "tokenauth: store unavailable", "doing", doing, "err", err)
	return fmt.Errorf("%w: %s: %w", ErrStoreUnavailable, doing, err)
}

// logFailure logs a failure of ours, unless the caller gave up. A deadline that has
// passed is no giving up: that is how a store that hangs shows.
func (s *Schema) logFailure(ctx context.Context, message string, args ...any) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		s.cfg.Logger.ErrorContext(ctx, message, args...)
	}
}

// reject tells the Rejection hook of an error and returns it.
func (s *Schema) reject(ctx context.Context, err error, e Event) error {
	return s.verifier.reject(ctx, err, e)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
