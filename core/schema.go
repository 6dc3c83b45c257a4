package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

// Schema issues, verifies, refreshes and revokes tokens. New makes one. It is safe
// for concurrent use and starts no goroutine. It prints as "core.Schema{redacted}".
type Schema struct {
	cfg          Config // defaults filled in
	store        RefreshStore
	signer       TokenSigner
	keys         sealed.Ring
	verifier     *Verifier
	otherCookies int // the bytes of a login's cookies but for the access token
}

// New returns a schema that keeps its sessions in store and makes its access
// tokens with signer. If the config cannot work, the error names the field. A store
// or a signer that is nil is an error too. New never closes the store.
func New(store RefreshStore, signer TokenSigner, cfg Config) (*Schema, error) {
	if isNil(store) {
		return nil, errors.New("core: the store must not be nil")
	}
	if isNil(signer) {
		return nil, errors.New("core: the token signer must not be nil")
	}
	cfg = cfg.withDefaults()
	verifier, err := newVerifier(signer, VerifierConfig{
		Leeway: cfg.Leeway, VerifiedCache: cfg.VerifiedCache, Accept: cfg.Accept, Cookies: cfg.Cookies,
		TrustedOrigins: cfg.TrustedOrigins, ErrorHandler: cfg.ErrorHandler,
		Rejection: cfg.Hooks.Rejection, Clock: cfg.Clock,
	})
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	cfg.Cookies = verifier.cfg.Cookies
	if err := cfg.checkSecrets(signer); err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	purpose := ""
	if s, ok := signer.(interface{ Purpose() string }); ok {
		purpose = s.Purpose()
	}
	keys, err := sealed.NewRing(purpose, append([][]byte{cfg.Secret}, cfg.PreviousSecrets...)...)
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	cfg.Secret, cfg.PreviousSecrets = nil, nil // the keys replace them
	others := cfg.Cookies.otherBytes()
	if least := others + leastAccessToken; cfg.Cookies.MaxBytes < least {
		return nil, fmt.Errorf("core: Cookies.MaxBytes is %d: with these cookies it must be at least %d", cfg.Cookies.MaxBytes, least)
	}
	return &Schema{
		cfg: cfg, store: withTimeout(store, cfg.StoreTimeout), signer: signer, keys: keys,
		verifier: verifier, otherCookies: others,
	}, nil
}

// leastAccessToken is how much room for the access token the cookies must leave. Those of
// package jwttoken take about 260 bytes with an HMAC.
const leastAccessToken = 300

// isNil reports whether there is nothing in v, or a nil pointer, as from a constructor
// that has failed and whose error was overlooked.
func isNil(v any) bool {
	p := reflect.ValueOf(v)
	return v == nil || p.Kind() == reflect.Pointer && p.IsNil()
}

// Ping returns nil if the store answers, and ErrStoreUnavailable if it does not. It is
// for a health check: it asks the store for a record that cannot exist. No hook is
// told and nothing is logged.
func (s *Schema) Ping(ctx context.Context) error {
	_, err := s.store.Get(ctx, NewRecordID(""))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil {
		err = errWrongRecord
	}
	return fmt.Errorf("%w: ping: %w", ErrStoreUnavailable, err)
}

// now returns the present moment as records hold it.
func (s *Schema) now() time.Time {
	return s.cfg.Clock().UTC().Truncate(time.Millisecond)
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
// passed does not count as giving up: that is how a store that hangs shows.
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
