package jwttoken_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
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

// A public key is never taken as an HMAC key: whoever has it can't sign with it
// (RFC 8725 §2.1).
func TestPublicKeyIsNoHMACKey(t *testing.T) {
	tokens := tokensOf(t, "RS256")
	public := &testKeys().rsa.PublicKey
	der := must(x509.MarshalPKIXPublicKey(public))
	for _, secret := range [][]byte{
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		der,
		x509.MarshalPKCS1PublicKey(public),
		public.N.Bytes(),
	} {
		text := encode(ownHeader) + "." + encode(ownPayload)
		mac := must(jwt.SigningMethodHS256.Sign(text, secret))
		refuses(t, tokens, text+"."+encode(string(mac)))
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
