package jwttoken_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// The 32 bytes of an Ed25519 public key look like any others: they are found
// where that key is in the same ring, and the error says so.
func TestErrorExplainsThePublicKeyInTheRing(t *testing.T) {
	public := []byte(testKeys().ed25519.Public().(ed25519.PublicKey))
	secret := newKey(t, "hmac", "HS256", bytes.Clone(public))
	signs := newKey(t, "ed", "EdDSA", testKeys().ed25519)
	for _, keys := range [][]jwttoken.Key{{secret, signs}, {signs, secret}} {
		_, err := jwttoken.New(jwttoken.Options{Keys: keys})
		if !errors.Is(err, jwttoken.ErrKey) || !strings.Contains(err.Error(), `the secret "hmac" must not be the public key "ed"`) {
			t.Errorf("got error %v", err)
		}
	}
}

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
		"ECDSA: both coordinates":         {point[1:], "ES256", k.p256},
		"ECDSA: x in hexadecimal":         {fmt.Appendf(nil, "%x", point[1:33]), "ES256", k.p256},
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

// A compressed point begins with the byte 2 if y is even, and with 3 if it is odd (SEC 1
// §2.3.3).
func TestACompressedPointIsNoSecret(t *testing.T) {
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		seen := map[byte]bool{}
		for scalar := byte(1); len(seen) < 2; scalar++ {
			d := make([]byte, (curve.Params().BitSize+7)/8)
			d[len(d)-1] = scalar
			private := must(ecdsa.ParseRawPrivateKey(curve, d))
			point := must(private.PublicKey.Bytes())
			size := len(point) / 2
			compressed := elliptic.MarshalCompressed(curve, new(big.Int).SetBytes(point[1:1+size]), new(big.Int).SetBytes(point[1+size:]))
			seen[compressed[0]] = true

			signer := must(jwttoken.New(jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "p", alg, private)}}))
			if !signer.HasKey(compressed) {
				t.Errorf("%s: %x is not known", alg, compressed)
			}
			compressed[0] ^= 1 // the point with the other y
			if signer.HasKey(compressed) {
				t.Errorf("%s: %x is taken for the public key", alg, compressed)
			}
			compressed[0] ^= 1
			keys := []jwttoken.Key{newKey(t, "p", alg, private), newKey(t, "s", "HS256", compressed)}
			if _, err := jwttoken.New(jwttoken.Options{Keys: keys}); !errors.Is(err, jwttoken.ErrKey) {
				t.Errorf("%s: got error %v, want ErrKey", alg, err)
			}
		}
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

func TestSignerKnowsItsKeys(t *testing.T) {
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
			b = public
		}
		for _, form := range [][]byte{b, []byte(base64.StdEncoding.EncodeToString(b) + "\n"), fmt.Appendf(nil, "%X", b)} {
			if !tokens.HasKey(form) {
				t.Errorf("%s: the key is not known as %q", alg, form)
			}
		}
		if tokens.HasKey(b[2:]) || tokens.HasKey(nil) {
			t.Errorf("%s: other bytes are taken for the key", alg)
		}
		// It is known where a newer key signs, too.
		newest := must(jwttoken.NewKey("newest", "HS256", randomBytes(32)))
		older := must(jwttoken.NewKey("older", alg, private))
		if !must(jwttoken.New(jwttoken.Options{Keys: []jwttoken.Key{newest, older}})).HasKey(b) {
			t.Errorf("%s: an older key is not known", alg)
		}
	}
}

// An ed25519.PublicKey can stand where a []byte is asked for.
func TestAPublicKeyIsNoSecretOfTheSchema(t *testing.T) {
	_, public := keysOf("EdDSA")
	var store struct{ core.RefreshStore } // never called
	_, err := core.New(store, tokensOf(t, "EdDSA"), core.Config{Secret: public.(ed25519.PublicKey)})
	if err == nil || !strings.Contains(err.Error(), "is a key of the access tokens") {
		t.Errorf("New = %v", err)
	}
}

// Every server that verifies the tokens of an HMAC has its key, and must not be able to make
// refresh tokens.
func TestTheKeyOfAnHMACIsNotTheSecretOfTheSchema(t *testing.T) {
	var store struct{ core.RefreshStore } // never called
	for what, pair := range map[string][2]string{
		"the same":                     {"0123456789abcdef0123456789abcdefX", "0123456789abcdef0123456789abcdefX"},
		"the key's base64":             {"0123456789abcdef0123456789abcdef", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
		"what the key's text says":     {"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "0123456789abcdef0123456789abcdef"},
		"the same text without a tail": {"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"},
	} {
		signer := must(jwttoken.HS256([]byte(pair[0])))
		for _, c := range []core.Config{
			{Secret: []byte(pair[1])},
			{Secret: core.NewSecret(), PreviousSecrets: [][]byte{[]byte(pair[1])}},
		} {
			if _, err := core.New(store, signer, c); err == nil || !strings.Contains(err.Error(), "is a key of the access tokens") {
				t.Errorf("%s: New = %v", what, err)
			}
		}
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
