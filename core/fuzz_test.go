package core_test

import (
	"crypto/rand"
	"errors"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// Whatever is presented for a refresh token, the store is asked only for one
// that is genuine.
func FuzzRefreshToken(f *testing.F) {
	store, c := newStore(), newClock()
	tokens := &testTokens{key: []byte("signing")}
	// Each of the processes that fuzz has a secret of its own, so that the genuine
	// token among the seeds of one is genuine in no other.
	own := make([]byte, 32)
	rand.Read(own)
	schema, err := core.New(store, tokens, core.Config{Secret: own, Clock: c.Now})
	if err != nil {
		f.Fatal(err)
	}
	pair, err := schema.Login(f.Context(), "ada", core.LoginOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("junk")
	f.Add(pair.RefreshToken)
	f.Add(pair.RefreshToken[:130] + "\n")
	f.Add(pair.RefreshToken + "=")
	f.Add(pair.AccessToken)
	f.Fuzz(func(t *testing.T, text string) {
		if text == pair.RefreshToken {
			return
		}
		store.total()
		if _, err := schema.Refresh(t.Context(), text, ""); !errors.Is(err, core.ErrInvalidRefreshToken) {
			t.Errorf("Refresh = %v", err)
		}
		if n := store.total(); n != 0 {
			t.Errorf("the store was called %d times", n)
		}
	})
}
