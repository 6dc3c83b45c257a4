package jwttoken_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// The first of several keys signs, all of them verify, and the kid says which.
func TestKeyring(t *testing.T) {
	k := testKeys()
	old := newKey(t, "", "HS256", k.secret)
	middle := newKey(t, "2026-05", "RS256", k.rsa)
	newest := newKey(t, "2026-11", "EdDSA", k.ed25519)
	ring := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newest, middle, old}})

	token := sign(t, ring, claims())
	if got, want := decode(t, token, 0), `{"alg":"EdDSA","typ":"at+jwt","kid":"2026-11"}`; got != want {
		t.Errorf("the header is %s, want %s", got, want)
	}
	accepts(t, ring, token, claims())
	for _, earlier := range []jwttoken.Key{middle, old} {
		alone := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{earlier}})
		accepts(t, ring, sign(t, alone, claims()), claims())
		refuses(t, alone, token)
	}
}

// A token is verified by the key with its kid and by no other, even if another
// one has signed it.
func TestKID(t *testing.T) {
	other := ed25519.NewKeyFromSeed(randomBytes(32))
	named := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{
		newKey(t, "a", "EdDSA", testKeys().ed25519), newKey(t, "b", "EdDSA", other), newKey(t, "c", "HS256", testKeys().secret),
	}})
	unnamed := tokensOf(t, "EdDSA")
	token := func(header string) string { return forge(t, "EdDSA", encode(header), encode(ownPayload)) }

	accepts(t, named, token(`{"kid":"a","alg":"EdDSA","typ":"at+jwt"}`), claims())
	accepts(t, unnamed, token(`{"typ":"at+jwt","alg":"EdDSA"}`), claims())
	for _, kid := range []string{`"b"`, `"c"`, `"A"`, `"a "`, `"unknown"`, `""`, `null`, `1`, `["a"]`, `"../../dev/null"`} {
		refuses(t, named, token(`{"alg":"EdDSA","typ":"at+jwt","kid":`+kid+`}`))
	}
	refuses(t, named, token(`{"alg":"EdDSA","typ":"at+jwt"}`))
	for _, kid := range []string{`"a"`, `""`, `null`} {
		refuses(t, unnamed, token(`{"alg":"EdDSA","typ":"at+jwt","kid":`+kid+`}`))
	}
}

// Any UTF-8 names a key.
func TestKIDIsAnyText(t *testing.T) {
	for _, kid := range []string{"a", `quote " and \`, "\x00\n", "日本語", "\u2028", "http://example.com/#1", strings.Repeat("k", 255)} {
		tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newKey(t, kid, "HS256", testKeys().secret)}})
		accepts(t, tokens, sign(t, tokens, claims()), claims())
		// The same header in another layout.
		token := sign(t, tokens, claims())
		header := decode(t, token, 0)
		accepts(t, tokens, hs256(t, strings.Replace(header, ",", " ,", 1), ownPayload), claims())
	}
	for _, kid := range []string{"\xff", strings.Repeat("k", 256)} {
		if _, err := jwttoken.NewKey(kid, "HS256", testKeys().secret); !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("kid of %d bytes: got error %v, want ErrKey", len(kid), err)
		}
	}
}

// A ring has keys, the first of them signs, no two have one kid, and no key
// serves two algorithms (RFC 8725 §3.1).
func TestUnusableRings(t *testing.T) {
	k := testKeys()
	public := k.ed25519.Public().(ed25519.PublicKey)
	key := func(kid, alg string, material any) jwttoken.Key { return newKey(t, kid, alg, material) }
	for what, keys := range map[string][]jwttoken.Key{
		"no key":                   {},
		"the zero Key":             {{}},
		"the zero Key at the end":  {key("a", "EdDSA", k.ed25519), {}},
		"one kid twice":            {key("a", "EdDSA", k.ed25519), key("a", "ES256", k.p256)},
		"two without kid":          {key("", "EdDSA", k.ed25519), key("", "ES256", k.p256)},
		"a secret for two":         {key("a", "HS256", k.secret), key("b", "HS512", k.secret)},
		"an RSA key for two":       {key("a", "RS256", k.rsa), key("b", "PS256", &k.rsa.PublicKey)},
		"public key as a secret":   {key("a", "EdDSA", k.ed25519), key("b", "HS256", []byte(public))},
		"public modulus as secret": {key("a", "ES256", k.p256), key("b", "RS256", k.rsa), key("c", "HS256", k.rsa.N.Bytes())},
	} {
		if _, err := jwttoken.New(jwttoken.Options{Keys: keys}); !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("New with %s: got error %v, want ErrKey", what, err)
		}
		if _, err := jwttoken.NewVerifier(jwttoken.Options{Keys: keys}); !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("NewVerifier with %s: got error %v, want ErrKey", what, err)
		}
	}

	publicFirst := jwttoken.Options{Keys: []jwttoken.Key{key("a", "EdDSA", public), key("b", "ES256", k.p256)}}
	if _, err := jwttoken.New(publicFirst); !errors.Is(err, jwttoken.ErrKey) {
		t.Errorf("New with a public key in front: got error %v, want ErrKey", err)
	}
	if _, err := jwttoken.NewVerifier(publicFirst); err != nil {
		t.Errorf("NewVerifier with a public key in front: %v", err)
	}
	// A key without kid that gets one is still the same key.
	renamed := jwttoken.Options{Keys: []jwttoken.Key{key("a", "HS256", k.secret), key("", "HS256", bytes.Clone(k.secret))}}
	tokens := newTokens(t, renamed)
	accepts(t, tokens, sign(t, tokensOf(t, "HS256"), claims()), claims())
}

// Keys that change in Options afterwards do not change the tokens.
// Everybody knows a public key in all the forms in which it is handed around.
func TestAPublicKeyOfTheRingIsNoSecretInAnyForm(t *testing.T) {
	k := testKeys()
	ed := []byte(k.ed25519.Public().(ed25519.PublicKey))
	point := must(k.p256.PublicKey.Bytes())
	for what, test := range map[string]struct {
		secret  []byte
		alg     string
		private any
	}{
		"Ed25519: x of the JWK":           {[]byte(encode(string(ed))), "EdDSA", k.ed25519},
		"Ed25519 in padded base64":        {[]byte(base64.StdEncoding.EncodeToString(ed) + "\n"), "EdDSA", k.ed25519},
		"Ed25519 in hexadecimal":          {fmt.Appendf(nil, "%x", ed), "EdDSA", k.ed25519},
		"Ed25519 in capital hexadecimal":  {fmt.Appendf(nil, "%X", ed), "EdDSA", k.ed25519},
		"RSA: n of the JWK":               {[]byte(encode(string(k.rsa.N.Bytes()))), "RS256", k.rsa},
		"RSA: the modulus in hexadecimal": {fmt.Appendf(nil, "%x", k.rsa.N), "RS256", k.rsa},
		"ECDSA: x of the JWK":             {[]byte(encode(string(point[1:33]))), "ES256", k.p256},
		"ECDSA: y of the JWK":             {[]byte(encode(string(point[33:]))), "ES256", k.p256},
		"ECDSA: x":                        {point[1:33], "ES256", k.p256},
		"ECDSA: the compressed point":     {append([]byte{2 + point[64]&1}, point[1:33]...), "ES256", k.p256},
		"ECDSA: both coordinates":         {point[1:], "ES256", k.p256},
		"ECDSA: the point in hexadecimal": {fmt.Appendf(nil, "%x", point), "ES256", k.p256},
	} {
		secret, public := newKey(t, "s", "HS256", test.secret), newKey(t, "p", test.alg, test.private)
		for _, keys := range [][]jwttoken.Key{{public, secret}, {secret, public}} {
			_, err := jwttoken.New(jwttoken.Options{Keys: keys})
			if !errors.Is(err, jwttoken.ErrKey) || !strings.Contains(err.Error(), "public key") {
				t.Errorf("%s: got error %v, want ErrKey about a public key", what, err)
			}
		}
	}
	secrets := []jwttoken.Key{newKey(t, "a", "HS256", k.secret), newKey(t, "b", "HS256", []byte(encode(string(k.secret))))}
	newTokens(t, jwttoken.Options{Keys: append(secrets, newKey(t, "p", "ES256", k.p256))})
}

func TestOptionsAreCopied(t *testing.T) {
	o := jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "a", "HS256", testKeys().secret)}}
	tokens := newTokens(t, o)
	o.Keys[0] = newKey(t, "b", "EdDSA", testKeys().ed25519)
	accepts(t, tokens, sign(t, tokens, claims()), claims())
	if header := decode(t, sign(t, tokens, claims()), 0); !strings.Contains(header, fmt.Sprintf("%q", "a")) {
		t.Errorf("the header became %s", header)
	}
}
