package jwttoken_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// Whatever is recognized as a public key is refused as a secret, however it is
// written down (RFC 8725 §2.1).
func TestPublicKeyIsNoSecret(t *testing.T) {
	k := testKeys()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}}
	certificate := must(x509.CreateCertificate(rand.Reader, template, template, &k.rsa.PublicKey, k.rsa))
	rsaPKIX := must(x509.MarshalPKIXPublicKey(&k.rsa.PublicKey))
	ecPKIX := must(x509.MarshalPKIXPublicKey(&k.p256.PublicKey))
	edPKIX := must(x509.MarshalPKIXPublicKey(k.ed25519.Public()))
	inPEM := func(kind string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	ssh := sshKey("ssh-rsa", []byte{1, 0, 1}, k.rsa.N.Bytes())
	sshEd := sshKey("ssh-ed25519", k.ed25519.Public().(ed25519.PublicKey))
	base64ed := base64.StdEncoding.EncodeToString(sshEd)

	for what, secret := range map[string][]byte{
		"PKIX in PEM":                  inPEM("PUBLIC KEY", rsaPKIX),
		"PKIX of EC in PEM":            inPEM("PUBLIC KEY", ecPKIX),
		"PKIX of Ed25519 in PEM":       inPEM("PUBLIC KEY", edPKIX),
		"PKCS #1 in PEM":               inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&k.rsa.PublicKey)),
		"certificate in PEM":           inPEM("CERTIFICATE", certificate),
		"PEM on one line":              []byte(strings.ReplaceAll(string(inPEM("PUBLIC KEY", ecPKIX)), "\n", " ")),
		"PEM with text before it":      append([]byte("the key:\n"), inPEM("PUBLIC KEY", ecPKIX)...),
		"PEM with carriage returns":    []byte(strings.ReplaceAll(string(inPEM("PUBLIC KEY", ecPKIX)), "\n", "\r\n")),
		"PKIX":                         rsaPKIX,
		"PKIX of EC":                   ecPKIX,
		"PKIX of Ed25519":              edPKIX,
		"PKCS #1":                      x509.MarshalPKCS1PublicKey(&k.rsa.PublicKey),
		"certificate":                  certificate,
		"PKIX in base64":               []byte(base64.StdEncoding.EncodeToString(rsaPKIX)),
		"PKIX in unpadded base64url":   []byte(base64.RawURLEncoding.EncodeToString(rsaPKIX)),
		"PKIX in lines of base64":      inLines(base64.StdEncoding.EncodeToString(rsaPKIX)),
		"OpenSSH":                      []byte("ssh-rsa " + base64.StdEncoding.EncodeToString(ssh) + " me@example.com\n"),
		"OpenSSH of Ed25519":           []byte("ssh-ed25519 " + base64ed),
		"authorized_keys with options": []byte(`no-pty,command="x y" ssh-ed25519 ` + base64ed + " me"),
		"OpenSSH without type":         []byte(base64ed),
		"SSH binary":                   ssh,
		"SSH of EC binary":             sshKey("ecdsa-sha2-nistp256", []byte("nistp256"), must(k.p256.PublicKey.Bytes())),
		"SSH of a security key":        sshKey("sk-ssh-ed25519@openssh.com", randomBytes(32), []byte("ssh:")),
		"SSH2":                         []byte("---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\n" + string(inLines(base64.StdEncoding.EncodeToString(ssh))) + "\n---- END SSH2 PUBLIC KEY ----\n"),
		"JWK":                          []byte(`{"kty":"OKP","crv":"Ed25519","x":"` + encode(string(randomBytes(32))) + `"}`),
	} {
		for _, alg := range []string{"HS256", "HS384", "HS512"} {
			if _, err := jwttoken.NewKey("", alg, secret); !errors.Is(err, jwttoken.ErrKey) {
				t.Errorf("%s: %s: got error %v, want ErrKey", what, alg, err)
			} else if !strings.Contains(err.Error(), "public key") {
				t.Errorf("%s: %s: refused for another reason: %v", what, alg, err)
			}
		}
	}
	for what, secret := range map[string][]byte{
		"random bytes":   randomBytes(64),
		"in hexadecimal": fmt.Appendf(nil, "%x", randomBytes(32)),
		"in base64":      []byte(base64.StdEncoding.EncodeToString(randomBytes(48))),
		"a passphrase":   []byte("a long text with blanks that nobody should take for a secret, though it works"),
		"JSON":           []byte(`{"secret":"` + encode(string(randomBytes(48))) + `"}`),
	} {
		if _, err := jwttoken.NewKey("", "HS256", secret); err != nil {
			t.Errorf("a secret of %s is refused: %v", what, err)
		}
	}
}

// inLines breaks a text into lines of 64 bytes.
func inLines(text string) []byte {
	return bytes.Join(slices.Collect(slices.Chunk([]byte(text), 64)), []byte("\r\n"))
}

// sshKey encodes a public key as RFC 4253 §6.6 does.
func sshKey(kind string, fields ...[]byte) []byte {
	var b []byte
	for _, f := range append([][]byte{[]byte(kind)}, fields...) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

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
			if !signer.HasPublicKey(compressed) {
				t.Errorf("%s: %x is not known", alg, compressed)
			}
			compressed[0] ^= 1 // the point with the other y
			if signer.HasPublicKey(compressed) {
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
