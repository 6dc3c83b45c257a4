package jwttoken_test

import (
	"encoding/json"
	"errors"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// FuzzParseJWKS parses any text: either that is ErrKey, or the keys verify, and
// are served with the same numbers, algorithms and kids.
func FuzzParseJWKS(f *testing.F) {
	for _, alg := range []string{"RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		f.Add(get(f, tokensOf(f, alg).JWKS()).Body.Bytes())
	}
	signs := newKey(f, "the key that signs", "HS256", testKeys().secret)
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := jwttoken.ParseJWKS(text)
		if err != nil {
			if !errors.Is(err, jwttoken.ErrKey) || keys != nil {
				t.Fatalf("got %d keys, error %v", len(keys), err)
			}
			return
		}
		if len(keys) > 0 {
			refuses(t, must(jwttoken.NewVerifier(jwttoken.Options{Keys: keys})), "a.b.c")
		}
		tokens, err := jwttoken.New(jwttoken.Options{Keys: append([]jwttoken.Key{signs}, keys...)})
		if err != nil {
			return // one of them has the kid of the key that signs
		}
		given, served := jwksOf(t, text), jwksOf(t, get(t, tokens.JWKS()).Body.Bytes())
		if len(given) != len(keys) || len(served) != len(keys) {
			t.Fatalf("%d keys are given, %d parsed, %d served", len(given), len(keys), len(served))
		}
		for i := range served {
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
				if _, ok := given[i][private]; ok {
					t.Fatalf("key %d is parsed with %q", i+1, private)
				}
			}
			if use, ok := given[i]["use"]; ok && use != "sig" {
				t.Fatalf("key %d is parsed with the use %q", i+1, use)
			}
			delete(served[i], "use")
			for name, value := range served[i] {
				if given[i][name] != value {
					t.Fatalf("key %d has %q %v, and is served with %v", i+1, name, given[i][name], value)
				}
			}
			if _, named := served[i]["kid"]; !named && given[i]["kid"] != nil {
				t.Fatalf("key %d lost its kid", i+1)
			}
		}
	})
}

// jwksOf returns the keys of a JWK set as encoding/json reads them.
func jwksOf(t *testing.T, text []byte) []map[string]any {
	t.Helper()
	var set map[string]json.RawMessage
	var keys []map[string]any
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatalf("encoding/json refuses the set: %v", err)
	}
	if err := json.Unmarshal(set["keys"], &keys); err != nil {
		t.Fatalf("encoding/json refuses the keys: %v", err)
	}
	return keys
}
