package core_test

import (
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// After the store was set back, two servers repeat one exchange in the middle of a
// rotation: the reference depends on the token, not on the server.
func TestARepeatedExchangeOnAnotherServer(t *testing.T) {
	c, store := newClock(), newStore()
	prepared := newWorldOn(t, store, c, func(cfg *core.Config) { cfg.PreviousSecrets = [][]byte{otherKey} })
	rotated := newWorldOn(t, store, c, func(cfg *core.Config) { cfg.Secret, cfg.PreviousSecrets = otherKey, [][]byte{secret} })
	first := prepared.login("ada")
	c.Advance(time.Minute)
	before := store.snapshot()
	next := prepared.refresh(first)
	store.restore(before)
	if again := rotated.refresh(first); again.Claims != next.Claims {
		t.Errorf("the servers disagree on the next pair: %+v and %+v", again.Claims, next.Claims)
	}
}

// Two tokens of one mapping that were sealed with two secrets lead to two
// references. Where the store was set back between their exchanges, both have a
// successor of the same generation: the one that the record does not know is stale.
func TestAForkAfterTheStoreWasSetBackIsCaught(t *testing.T) {
	for _, test := range []struct {
		name    string
		outrun  bool // the record has moved on from the fork
		advance time.Duration
	}{{"at the fork", false, time.Minute}, {"one exchange later", true, time.Second}} {
		t.Run(test.name, func(t *testing.T) {
			c, store := newClock(), newStore()
			prepared := newWorldOn(t, store, c, func(cfg *core.Config) { cfg.PreviousSecrets = [][]byte{otherKey} })
			rotated := newWorldOn(t, store, c, func(cfg *core.Config) { cfg.Secret, cfg.PreviousSecrets = otherKey, [][]byte{secret} })
			login := prepared.login("ada")
			c.Advance(time.Minute)
			one := prepared.refresh(login)
			other := rotated.refresh(login) // the same mapping, sealed anew
			before := store.snapshot()
			c.Advance(time.Minute)
			fork := prepared.refresh(one)
			store.restore(before)
			owners := prepared.refresh(other)
			if fork.Claims.Ref == owners.Claims.Ref {
				t.Fatal("there is no fork")
			}
			if test.outrun {
				c.Advance(time.Minute)
				prepared.refresh(owners)
			}
			c.Advance(test.advance)
			fork.AccessToken = ""
			prepared.refused(fork, core.ErrCompromised)
		})
	}
}

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
