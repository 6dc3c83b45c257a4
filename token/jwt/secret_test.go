package jwttoken_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// Of a secret that can't be used the error says what is wrong with it, and what
// to do, however long it is.
func TestErrorExplainsTheSecret(t *testing.T) {
	k := testKeys()
	public := k.ed25519.Public().(ed25519.PublicKey)
	pkix := must(x509.MarshalPKIXPublicKey(public))
	jwk := `{"kty":"OKP","crv":"Ed25519","x":"` + encode(string(public)) + `"}`
	const isPublic = "is a public key"
	for _, c := range []struct {
		what   string
		secret []byte
		says   string
	}{
		{"empty", []byte{}, "is empty"},
		{"nil", nil, "is empty"},
		{"one byte", []byte("x"), "is 1 byte long"},
		{"31 bytes", k.secret[:31], "is 31 bytes long"},
		{"one byte repeated", make([]byte, 64), "is one byte repeated"},
		{"PEM", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}), isPublic},
		{"PEM in base64", []byte(base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}))), isPublic},
		{"PKIX", pkix, isPublic},
		{"PKIX of ECDSA", must(x509.MarshalPKIXPublicKey(&k.p256.PublicKey)), isPublic},
		{"PKCS #1", x509.MarshalPKCS1PublicKey(&k.rsa.PublicKey), isPublic},
		{"point of P-256", must(k.p256.PublicKey.Bytes()), isPublic},
		{"point of P-384", must(k.p384.PublicKey.Bytes()), isPublic},
		{"point of P-521", must(k.p521.PublicKey.Bytes()), isPublic},
		{"JWK", []byte(jwk), isPublic},
		{"JWK in base64url", []byte(encode(jwk)), isPublic},
		{"JWK set", []byte(`{"keys":[` + jwk + `]}`), isPublic},
		{"JWK set with white space", []byte(" {\n\t\"keys\" : [ " + jwk + " ] }\n"), isPublic},
		{"OpenSSH", []byte("ssh-ed25519 " + base64.StdEncoding.EncodeToString(sshKey("ssh-ed25519", public))), isPublic},
	} {
		t.Run(c.what, func(t *testing.T) {
			for _, alg := range []string{"HS256", "HS384", "HS512"} {
				_, err := jwttoken.NewKey("", alg, c.secret)
				if !errors.Is(err, jwttoken.ErrKey) || !strings.Contains(err.Error(), "the secret for "+alg+" "+c.says) {
					t.Errorf("got error %v, want that it %s", err, c.says)
				} else if !strings.Contains(err.Error(), "random") {
					t.Errorf("the error does not say what a secret is: %v", err)
				} else if len(c.secret) > 8 && strings.Contains(err.Error(), string(c.secret[:8])) {
					t.Errorf("the error shows the secret: %v", err)
				}
			}
		})
	}
}

// The 32 bytes of an Ed25519 public key look like any others: they are found
// where that key is in the same ring, and the error says so.
func TestErrorExplainsThePublicKeyInTheRing(t *testing.T) {
	public := []byte(testKeys().ed25519.Public().(ed25519.PublicKey))
	secret := newKey(t, "hmac", "HS256", bytes.Clone(public))
	signs := newKey(t, "ed", "EdDSA", testKeys().ed25519)
	for _, keys := range [][]jwttoken.Key{{secret, signs}, {signs, secret}} {
		_, err := jwttoken.New(jwttoken.Options{Keys: keys})
		if !errors.Is(err, jwttoken.ErrKey) || !strings.Contains(err.Error(), `the secret "hmac" is the public key "ed"`) {
			t.Errorf("got error %v", err)
		}
	}
}
