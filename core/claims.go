package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Claims is what an access token says. It is a plain value and refers to nothing that
// could be changed: it is safe to keep and to share.
type Claims struct {
	// UserID is the claim user_id: the user who is authorized.
	UserID string
	// Ref is the claim ref_id: the reference that names this access token.
	Ref Ref
	// SessionID is the claim sid: the id of the session's refresh-token record.
	SessionID string
	// IssuedAt is the claim iat (RFC 7519 §4.1.6): UTC, whole seconds.
	IssuedAt time.Time
	// ExpiresAt is the claim exp (RFC 7519 §4.1.4): UTC, whole seconds. The token
	// is expired from that moment on.
	ExpiresAt time.Time
	// Extra is the application's own claims: the text of one JSON object
	// without reserved names, or empty where there are none. Decode reads it.
	Extra string
}

// Decode stores the application's own claims in the value that v points to, as
// [json.Unmarshal] does. But a number in an interface value becomes a [json.Number], and so
// survives unchanged. Without such claims Decode leaves v as it is and returns nil.
func (c Claims) Decode(v any) error {
	if c.Extra == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(c.Extra))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("decode claims: %w", err)
	}
	return nil
}

// ReservedClaim reports whether the name belongs to the schema or to the token
// format. The application cannot use it for a claim of its own. The names are iat, exp,
// nbf, iss, aud, cnf, user_id, ref_id and sid, in any mixture of cases, because readers
// that ignore case would take one for the other (RFC 7519 §4).
func ReservedClaim(name string) bool {
	for _, reserved := range [...]string{"iat", "exp", "nbf", "iss", "aud", "cnf", "user_id", "ref_id", "sid"} {
		if strings.EqualFold(name, reserved) {
			return true
		}
	}
	return false
}

// encodeAppClaims returns the application's claims as the text of a JSON object,
// empty where there are none.
func encodeAppClaims(claims map[string]any) (string, error) {
	if len(claims) == 0 {
		return "", nil
	}
	seen := make(map[string]string, len(claims))
	for name := range claims {
		if ReservedClaim(name) {
			return "", fmt.Errorf("the claim %q is reserved", name)
		}
		folded := strings.Map(foldRune, name)
		if other, ok := seen[folded]; ok {
			return "", fmt.Errorf("the claims %q and %q differ in case alone: readers take one for the other", other, name)
		}
		seen[folded] = name
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a token is no HTML, and its cookie has little room
	if err := e.Encode(claims); err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if len(text) > MaxDataBytes {
		return "", fmt.Errorf("the claims are %d bytes of JSON, more than %d", len(text), MaxDataBytes)
	}
	return text, nil
}

// foldRune returns one and the same rune for all runes that differ in case alone.
func foldRune(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}

// decodeAppClaims is the reverse; a number becomes a json.Number.
func decodeAppClaims(data []byte) (map[string]any, error) {
	claims := map[string]any{}
	err := Claims{Extra: string(data)}.Decode(&claims)
	return claims, err
}

// appClaims returns the application's claims for the next access token.
func (s *Schema) appClaims(ctx context.Context, a *attempt, r Record) (string, error) {
	if s.cfg.RefreshClaims == nil {
		return string(r.Data), nil
	}
	login, err := decodeAppClaims(r.Data)
	if err != nil {
		return "", s.claimsFailed(ctx, a, fmt.Errorf("those of the login: %w", err))
	}
	claims, err := s.cfg.RefreshClaims(ctx, r.UserID, login)
	switch {
	case errors.Is(err, ErrDenied):
		return "", s.denied(ctx, a)
	case err != nil:
		return "", s.claimsFailed(ctx, a, err)
	}
	extra, err := encodeAppClaims(claims)
	if err != nil {
		return "", s.claimsFailed(ctx, a, fmt.Errorf("%w: %w", ErrInvalidClaims, err))
	}
	return extra, nil
}

// denied ends the session of a user whom RefreshClaims denies it.
func (s *Schema) denied(ctx context.Context, a *attempt) error {
	if err := s.revokeEach(ctx, []string{a.recordID()}, ReasonDenied, a.now); err != nil {
		return err
	}
	return s.reject(ctx, &refusal{err: ErrDenied, session: a.recordID()}, a.event())
}

func (s *Schema) claimsFailed(ctx context.Context, a *attempt, err error) error {
	e := a.event()
	s.logFailure(ctx, "tokenauth: claims unavailable", "user", e.UserID, "session", e.SessionID, "err", err)
	if !errors.Is(err, ErrInvalidClaims) {
		err = fmt.Errorf("%w: %w", ErrClaims, err)
	}
	return s.reject(ctx, err, e)
}
