package jwttoken_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func TestTokensKnowTheirPublicKeys(t *testing.T) {
	for _, alg := range []string{"EdDSA", "ES256", "RS256", "HS256"} {
		tokens := tokensOf(t, alg)
		private, public := keysOf(alg)
		var b []byte
		switch public := public.(type) {
		case ed25519.PublicKey:
			b = public
		case *ecdsa.PublicKey:
			b = must(public.Bytes())
		case *rsa.PublicKey:
			b = public.N.Bytes()
		case []byte:
			if tokens.HasPublicKey(public) {
				t.Error("the secret is taken for a public key")
			}
			continue
		}
		if !tokens.HasPublicKey(b) {
			t.Errorf("%s: the public key is not known", alg)
		}
		if tokens.HasPublicKey(b[2:]) || tokens.HasPublicKey(nil) {
			t.Errorf("%s: other bytes are taken for the public key", alg)
		}
		// It is known where the key was set back into the ring, too.
		newest := must(jwttoken.NewKey("newest", "HS256", randomBytes(32)))
		older := must(jwttoken.NewKey("older", alg, private))
		if !must(jwttoken.New(jwttoken.Options{Keys: []jwttoken.Key{newest, older}})).HasPublicKey(b) {
			t.Errorf("%s: the public key of an older key is not known", alg)
		}
	}
}

// An ed25519.PublicKey can stand where a []byte is asked for.
func TestAPublicKeyIsNoSecretOfTheSchema(t *testing.T) {
	_, public := keysOf("EdDSA")
	var store struct{ core.RefreshStore } // never called
	_, err := core.New(store, tokensOf(t, "EdDSA"), core.Config{Secret: public.(ed25519.PublicKey)})
	if err == nil || !strings.Contains(err.Error(), "public key") {
		t.Errorf("New = %v", err)
	}
}

// An error of HS256 that was overlooked is one of core.New.
func TestNoTokensMakeNoSchema(t *testing.T) {
	tokens, err := jwttoken.HS256([]byte("short"))
	if err == nil {
		t.Fatal("a short secret is accepted")
	}
	var store struct{ core.RefreshStore }
	if _, err := core.New(store, tokens, core.Config{Secret: core.NewSecret()}); err == nil {
		t.Error("New makes a schema")
	}
	if _, err := core.NewVerifier(tokens, core.VerifierConfig{}); err == nil {
		t.Error("NewVerifier makes a verifier")
	}
}
