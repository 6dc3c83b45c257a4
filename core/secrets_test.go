package core_test

import (
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// Three servers share a store while the secret is rotated, each a step further.
func TestSecretsRotateWithoutLoggingAnybodyOut(t *testing.T) {
	c, store := newClock(), newStore()
	server := func(current []byte, previous ...[]byte) *world {
		return newWorldOn(t, store, c, func(cfg *core.Config) { cfg.Secret, cfg.PreviousSecrets = current, previous })
	}
	before, prepared, rotated := server(secret), server(secret, otherKey), server(otherKey, secret)

	pair := before.login("ada")
	for _, w := range []*world{prepared, rotated, prepared, rotated, rotated, prepared} {
		c.Advance(60e9)
		old := pair
		pair = w.refresh(old)
		// A second tab asks another server, which may seal with another secret.
		for _, other := range []*world{prepared, rotated} {
			again := other.refresh(old)
			if again.Claims != pair.Claims {
				t.Fatalf("the servers disagree on the next pair: %+v and %+v", again.Claims, pair.Claims)
			}
			pair = again
		}
	}
	c.Advance(60e9)
	pair = rotated.refresh(pair)
	c.Advance(60e9)
	done := server(otherKey)
	pair = done.refresh(pair)
	c.Advance(60e9)
	before.refused(pair, core.ErrInvalidRefreshToken)
	done.refresh(pair)
}
