package jwttoken_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// A token that has expired, or was issued in the future, is genuine all the
// same: a refresh needs the claims of an expired one.
func TestTimesAreNotJudged(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	for _, seconds := range []int64{0, 1, 1 << 31, 253402300799} {
		c := claims()
		c.IssuedAt, c.ExpiresAt = time.Unix(seconds, 0).UTC(), time.Unix(seconds/2, 0).UTC()
		accepts(t, tokens, sign(t, tokens, c), c)
	}
}

// core judges them: a token is invalid from its exp on (RFC 7519 §4.1.4).
func TestTokenExpiresAtExp(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	c := claims()
	token := sign(t, tokens, c)
	var now time.Time
	verifier, err := core.NewVerifier(tokens, core.VerifierConfig{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]error{-1: nil, 0: core.ErrAccessTokenExpired, time.Hour: core.ErrAccessTokenExpired} {
		now = c.ExpiresAt.Add(after)
		if _, err := verifier.Verify(context.Background(), token); !errors.Is(err, want) {
			t.Errorf("%v after exp: got error %v, want %v", after, err, want)
		}
	}
	now = c.IssuedAt
	if _, err := verifier.Verify(context.Background(), token+"x"); !errors.Is(err, core.ErrInvalidAccessToken) {
		t.Errorf("a damaged token: got error %v, want ErrInvalidAccessToken", err)
	}
}
