package jwttoken_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// Whatever the algorithm, a token carries its claims, its header says how it
// was signed, and the library verifies it too.
func TestEveryAlgorithm(t *testing.T) {
	k := testKeys()
	short := map[string]func() (*jwttoken.Signer, error){
		"HS256": func() (*jwttoken.Signer, error) { return jwttoken.HS256(k.secret) },
		"HS384": func() (*jwttoken.Signer, error) { return jwttoken.HS384(k.secret) },
		"HS512": func() (*jwttoken.Signer, error) { return jwttoken.HS512(k.secret) },
		"RS256": func() (*jwttoken.Signer, error) { return jwttoken.RS256(k.rsa) },
		"RS384": func() (*jwttoken.Signer, error) { return jwttoken.RS384(k.rsa) },
		"RS512": func() (*jwttoken.Signer, error) { return jwttoken.RS512(k.rsa) },
		"PS256": func() (*jwttoken.Signer, error) { return jwttoken.PS256(k.rsa) },
		"PS384": func() (*jwttoken.Signer, error) { return jwttoken.PS384(k.rsa) },
		"PS512": func() (*jwttoken.Signer, error) { return jwttoken.PS512(k.rsa) },
		"ES256": func() (*jwttoken.Signer, error) { return jwttoken.ES256(k.p256) },
		"ES384": func() (*jwttoken.Signer, error) { return jwttoken.ES384(k.p384) },
		"ES512": func() (*jwttoken.Signer, error) { return jwttoken.ES512(k.p521) },
		"EdDSA": func() (*jwttoken.Signer, error) { return jwttoken.EdDSA(k.ed25519) },
	}
	for _, alg := range algorithms {
		t.Run(alg, func(t *testing.T) {
			tokens, err := short[alg]()
			if err != nil {
				t.Fatal(err)
			}
			c := claims()
			c.Extra = `{"role":"admin"}`
			token := sign(t, tokens, c)
			accepts(t, tokens, token, c)
			_, public := keysOf(alg)
			verifier, err := jwttoken.NewVerifier(jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "", alg, public)}})
			if err != nil {
				t.Fatal(err)
			}
			accepts(t, verifier, token, c)
			if got, want := decode(t, token, 0), fmt.Sprintf(`{"alg":%q,"typ":"at+jwt"}`, alg); got != want {
				t.Errorf("the header is %s, want %s", got, want)
			}
			parser := jwt.NewParser(jwt.WithValidMethods([]string{alg}), jwt.WithoutClaimsValidation())
			if _, err := parser.Parse(token, func(*jwt.Token) (any, error) { return public, nil }); err != nil {
				t.Errorf("golang-jwt refuses the token: %v", err)
			}
		})
	}
}

// Only the configured algorithm is accepted (RFC 8725 §3.1, §3.2): no other
// one, even with the right key, and no other spelling.
func TestOnlyTheConfiguredAlgorithm(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(alg, func(t *testing.T) {
			tokens := tokensOf(t, alg)
			header := func(alg string) string { return encode(fmt.Sprintf(`{"alg":%q,"typ":"at+jwt"}`, alg)) }
			payload := encode(ownPayload)
			accepts(t, tokens, forge(t, alg, header(alg), payload), claims())
			for _, other := range algorithms {
				if other == alg {
					continue
				}
				refuses(t, tokens, forge(t, other, header(other), payload))
				refuses(t, tokens, forge(t, other, header(alg), payload))
				refuses(t, tokens, forge(t, alg, header(other), payload))
			}
			for _, other := range []string{strings.ToLower(alg), strings.ToUpper(alg) + " ", alg[:4], alg + "\x00", ""} {
				refuses(t, tokens, forge(t, alg, header(other), payload))
			}
			for _, none := range []string{"none", "None", "NONE", "nOnE"} {
				refuses(t, tokens, header(none)+"."+payload+".")
				refuses(t, tokens, header(none)+"."+payload)
				refuses(t, tokens, forge(t, alg, header(none), payload))
			}
			for _, bad := range []string{`{"typ":"at+jwt"}`, `{"typ":"at+jwt","alg":null}`, `{"typ":"at+jwt","alg":256}`,
				fmt.Sprintf(`{"typ":"at+jwt","alg":[%q]}`, alg)} {
				refuses(t, tokens, forge(t, alg, encode(bad), payload))
			}
		})
	}
}

// The salt of RSASSA-PSS is as long as the hash (RFC 7518 §3.5).
func TestPSSSaltLength(t *testing.T) {
	tokens := tokensOf(t, "PS256")
	text := encode(`{"alg":"PS256","typ":"at+jwt"}`) + "." + encode(ownPayload)
	sum := sha256.Sum256([]byte(text))
	for salt, ok := range map[int]bool{32: true, 20: false, 0: false, 64: false} {
		options := &rsa.PSSOptions{SaltLength: salt}
		if salt == 0 {
			options.SaltLength = rsa.PSSSaltLengthAuto // as long as possible
		}
		token := text + "." + encode(string(must(rsa.SignPSS(rand.Reader, testKeys().rsa, crypto.SHA256, sum[:], options))))
		if ok {
			accepts(t, tokens, token, claims())
		} else {
			refuses(t, tokens, token)
		}
	}
}

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
	for _, test := range []struct {
		what string
		keys []jwttoken.Key
		want string // in the message
	}{
		{"no key", []jwttoken.Key{}, "key"},
		{"the zero Key", []jwttoken.Key{{}}, "key 1 must not be the zero Key"},
		{"the zero Key at the end", []jwttoken.Key{key("a", "EdDSA", k.ed25519), {}}, "key 2 must not be the zero Key"},
		{"one kid twice", []jwttoken.Key{key("a", "EdDSA", k.ed25519), key("a", "ES256", k.p256)}, `the same kid "a"`},
		{"two without kid", []jwttoken.Key{key("", "EdDSA", k.ed25519), key("", "ES256", k.p256)}, `the same kid ""`},
		{"a secret for two", []jwttoken.Key{key("a", "HS256", k.secret), key("b", "HS512", k.secret)}, "must not serve two algorithms"},
		{"an RSA key for two", []jwttoken.Key{key("a", "RS256", k.rsa), key("b", "PS256", &k.rsa.PublicKey)}, "must not serve two algorithms"},
		{"public key as a secret", []jwttoken.Key{key("a", "EdDSA", k.ed25519), key("b", "HS256", []byte(public))}, `must not be the public key "a"`},
		{"public modulus as secret", []jwttoken.Key{key("a", "ES256", k.p256), key("b", "RS256", k.rsa), key("c", "HS256", k.rsa.N.Bytes())}, `must not be the public key "b"`},
	} {
		if _, err := jwttoken.New(jwttoken.Options{Keys: test.keys}); !errors.Is(err, jwttoken.ErrKey) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("New with %s: got error %v, want ErrKey, %s", test.what, err, test.want)
		}
		if _, err := jwttoken.NewVerifier(jwttoken.Options{Keys: test.keys}); !errors.Is(err, jwttoken.ErrKey) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("NewVerifier with %s: got error %v, want ErrKey, %s", test.what, err, test.want)
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
func TestOptionsAreCopied(t *testing.T) {
	o := jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "a", "HS256", testKeys().secret)}}
	tokens := newTokens(t, o)
	o.Keys[0] = newKey(t, "b", "EdDSA", testKeys().ed25519)
	accepts(t, tokens, sign(t, tokens, claims()), claims())
	if header := decode(t, sign(t, tokens, claims()), 0); !strings.Contains(header, fmt.Sprintf("%q", "a")) {
		t.Errorf("the header became %s", header)
	}
}

// What ends at one of these must not be refreshed at another.
func TestPurposeTellsAudiencesIssuersAndTypesApart(t *testing.T) {
	key := must(jwttoken.NewKey("", "HS256", bytes.Repeat([]byte("secret! "), 8)))
	purpose := func(o jwttoken.Options) string {
		o.Keys = []jwttoken.Key{key}
		return must(jwttoken.New(o)).Purpose()
	}
	seen := map[string]bool{}
	for _, o := range []jwttoken.Options{
		{}, {Audience: "api"}, {Audience: "admin"}, {Issuer: "api"}, {Issuer: "a", Audience: "b"}, {Issuer: `a" "b`}, {Type: "api+jwt"},
	} {
		if p := purpose(o); seen[p] || p != purpose(o) {
			t.Errorf("the purpose %q is that of other options too, or changes", p)
		} else {
			seen[p] = true
		}
	}
}
