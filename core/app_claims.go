package core

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

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
	if err != nil {
		return "", s.claimsFailed(ctx, a, err)
	}
	extra, err := encodeAppClaims(claims)
	if err != nil {
		return "", s.claimsFailed(ctx, a, err)
	}
	return extra, nil
}

func (s *Schema) claimsFailed(ctx context.Context, a *attempt, err error) error {
	e := a.event()
	s.logFailure(ctx, "tokenauth: claims unavailable", "user", e.UserID, "session", e.SessionID, "err", err)
	return s.reject(ctx, fmt.Errorf("%w: %w", ErrClaims, err), e)
}
