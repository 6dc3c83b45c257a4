package core_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// entrances are the calls that take the text of a refresh token.
func entrances(t testing.TB, s *core.Schema) map[string]func(text string) error {
	ctx := t.Context()
	return map[string]func(text string) error{
		"Refresh":            func(text string) error { return second(s.Refresh(ctx, text, "")) },
		"Logout":             func(text string) error { return s.Logout(ctx, text) },
		"RevokeUserOf":       func(text string) error { return second(s.RevokeUserOf(ctx, text)) },
		"VerifyRefreshToken": func(text string) error { return second(s.VerifyRefreshToken(ctx, text)) },
		"Compromised":        func(text string) error { return second(s.Compromised(ctx, text, "")) },
	}
}

// refusesForgery fails the test unless every entrance refuses the text without a call of the
// store.
func refusesForgery(t *testing.T, w *fuzzWorld, text string) {
	t.Helper()
	for name, enter := range entrances(t, w.Schema) {
		if err := enter(text); !errors.Is(err, core.ErrInvalidRefreshToken) {
			t.Errorf("%s(%q) = %v", name, text, err)
		}
		if n := w.store.total(); n != 0 {
			t.Errorf("%s(%q) called the store %d times", name, text, n)
		}
	}
}

// FuzzRefreshToken presents any text for a refresh token, and any bytes as what a token
// is the text of: the store is asked only for one that is genuine.
func FuzzRefreshToken(f *testing.F) {
	w := newFuzzWorld(f)
	w.store.total()
	f.Fuzz(func(t *testing.T, text string, bytes []byte) {
		texts := []string{w.fill.Replace(text)}
		for _, length := range []int{99, 133} { // without and with a binding
			sealed := make([]byte, length)
			copy(sealed, bytes)
			texts = append(texts, base64.RawURLEncoding.EncodeToString(sealed))
		}
		for _, text := range texts {
			if !w.genuine[text] {
				refusesForgery(t, w, text)
			}
		}
	})
}

func TestEveryChangedBitOfARefreshTokenIsAForgery(t *testing.T) {
	w := newFuzzWorld(t)
	w.store.total()
	for _, kind := range []string{"expired-refresh", "earlier-refresh"} {
		token := []byte(w.kinds[kind])
		for i := range 8 * len(token) {
			token[i/8] ^= 1 << (i % 8)
			refusesForgery(t, w, string(token))
			token[i/8] ^= 1 << (i % 8)
		}
		sealed, err := base64.RawURLEncoding.DecodeString(string(token))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 * len(sealed) {
			sealed[i/8] ^= 1 << (i % 8)
			refusesForgery(t, w, base64.RawURLEncoding.EncodeToString(sealed))
			sealed[i/8] ^= 1 << (i % 8)
		}
	}
}
