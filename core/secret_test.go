package core_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestNewSecretMakesAnotherSecretEachTime(t *testing.T) {
	a, b := core.NewSecret(), core.NewSecret()
	if len(a) != 32 || bytes.Equal(a, b) {
		t.Fatalf("%d bytes, equal: %t", len(a), bytes.Equal(a, b))
	}
	newWorld(t, func(c *core.Config) { c.Secret, c.PreviousSecrets = a, [][]byte{b} })
}

// keyedTokens know their key.
type keyedTokens struct {
	testTokens
	key []byte
}

func (t *keyedTokens) HasKey(b []byte) bool { return bytes.Equal(b, t.key) }

// A public key, and a key with which others verify access tokens, must not be a secret.
func TestAKnownKeyIsNoSecret(t *testing.T) {
	key := core.NewSecret()
	for what, secret := range map[string][]byte{
		"is a key of the access tokens": key,
		"has the form of a public key":  []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJZcEGNJZjZUiXgW+Tl8t8aUR5Y5tjmxhTzJWtWCLMzY ada"),
	} {
		for field, cfg := range map[string]core.Config{
			"Secret":             {Secret: secret},
			"PreviousSecrets[1]": {Secret: otherKey, PreviousSecrets: [][]byte{core.NewSecret(), secret}},
		} {
			_, err := core.New(newStore(), &keyedTokens{key: key}, cfg)
			if err == nil || !strings.HasPrefix(err.Error(), "core: "+field+" "+what) {
				t.Errorf("%s: New = %v", field, err)
			}
			if err != nil && strings.Contains(err.Error(), string(secret)) {
				t.Errorf("%s: the error holds the key", field)
			}
		}
	}
}

// purposeful is a format of one audience.
type purposeful struct {
	*testTokens
	purpose string
}

func (t purposeful) Purpose() string { return t.purpose }

// Two schemas that share a secret and a store must not share refresh tokens.
func TestARefreshTokenOfAnotherAudienceIsNotGenuine(t *testing.T) {
	store, c := newStore(), newClock()
	schema := func(purpose string) *core.Schema {
		s, err := core.New(store, purposeful{&testTokens{key: []byte("signing")}, purpose}, core.Config{Secret: secret, Clock: c.Now})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	api, admin := schema("api"), schema("admin")
	pair, err := api.Login(t.Context(), "ada", core.LoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	if _, err := admin.Refresh(t.Context(), pair.RefreshToken, ""); !errors.Is(err, core.ErrInvalidRefreshToken) {
		t.Errorf("Refresh for another audience = %v", err)
	}
	if _, err := schema("api").Refresh(t.Context(), pair.RefreshToken, pair.AccessToken); err != nil {
		t.Errorf("Refresh for its own = %v", err)
	}
}
