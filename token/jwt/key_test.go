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

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A key that is too short, of another kind or on another curve is an error from
// the constructor (RFC 7518 §3.2, §3.3, §3.4).
func TestUnusableKeys(t *testing.T) {
	k := testKeys()
	other := must(rsa.GenerateKey(rand.Reader, 2048))
	mixed := *k.rsa
	mixed.PublicKey = other.PublicKey
	mixedEC := *k.p256
	mixedEC.PublicKey = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).PublicKey
	mixedEd := append(bytes.Clone(k.ed25519[:32]), randomBytes(32)...)
	notOnCurve, withoutCurve := k.p384.PublicKey, k.p256.PublicKey
	notOnCurve.Curve, withoutCurve.Curve = elliptic.P256(), nil
	even := k.rsa.PublicKey
	even.N = new(big.Int).Lsh(big.NewInt(1), 2047)
	tooLarge := int64(1)<<32 + 1
	exponent := func(e int) *rsa.PublicKey { return &rsa.PublicKey{N: k.rsa.N, E: e} }

	for _, c := range []struct {
		what     string
		alg      string
		material any
	}{
		{"no such algorithm", "HS128", k.secret},
		{"none", "none", k.secret},
		{"no algorithm", "", k.secret},
		{"in lower case", "hs256", k.secret},

		{"secret of 31 bytes", "HS256", k.secret[:31]},
		{"secret of 47 bytes", "HS384", k.secret[:47]},
		{"secret of 63 bytes", "HS512", k.secret[:63]},
		{"no secret", "HS256", []byte(nil)},
		{"nothing", "HS256", nil},
		{"text", "HS256", strings.Repeat("x", 32)},
		{"RSA key", "HS256", k.rsa},
		{"RSA public key", "HS256", &k.rsa.PublicKey},
		{"Ed25519 public key", "HS256", k.ed25519.Public()},
		{"Ed25519 private key", "HS256", k.ed25519},

		{"1024 bits", "RS256", must(rsa.GenerateKey(rand.Reader, 1024))},
		{"2047 bits", "PS512", &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2046, 1), E: 65537}},
		{"8193 bits", "RS256", &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 8192, 1), E: 65537}},
		{"even modulus", "RS256", &even},
		{"exponent 1", "RS256", exponent(1)},
		{"exponent 0", "RS256", exponent(0)},
		{"negative exponent", "RS256", exponent(-3)},
		{"even exponent", "RS256", exponent(65536)},
		{"exponent of 32 bits", "RS256", exponent(int(tooLarge))},
		{"without modulus", "RS256", &rsa.PublicKey{E: 65537}},
		{"without private exponent", "RS256", &rsa.PrivateKey{PublicKey: k.rsa.PublicKey}},
		{"nil RSA key", "RS256", (*rsa.PrivateKey)(nil)},
		{"nil RSA public key", "PS256", (*rsa.PublicKey)(nil)},
		{"halves of two RSA keys", "RS256", &mixed},
		{"EC key", "RS256", k.p256},
		{"secret", "RS256", k.secret},

		{"P-384", "ES256", k.p384},
		{"P-521", "ES384", &k.p521.PublicKey},
		{"P-256", "ES512", k.p256},
		{"P-224", "ES256", must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))},
		{"not on the curve", "ES256", &notOnCurve},
		{"halves of two EC keys", "ES256", &mixedEC},
		{"nil EC key", "ES256", (*ecdsa.PrivateKey)(nil)},
		{"nil EC public key", "ES256", (*ecdsa.PublicKey)(nil)},
		{"EC key without numbers", "ES256", &ecdsa.PrivateKey{PublicKey: k.p256.PublicKey}},
		{"EC public key without numbers", "ES256", &ecdsa.PublicKey{Curve: elliptic.P256()}},
		{"EC public key without curve", "ES256", &withoutCurve},
		{"Ed25519 key", "ES256", k.ed25519},

		{"halves of two Ed25519 keys", "EdDSA", ed25519.PrivateKey(mixedEd)},
		{"Ed25519 seed", "EdDSA", ed25519.PrivateKey(k.ed25519.Seed())},
		{"short Ed25519 key", "EdDSA", ed25519.PublicKey(randomBytes(31))},
		{"bytes", "EdDSA", []byte(k.ed25519)},
		{"EC key", "EdDSA", k.p256},
	} {
		t.Run(c.alg+" "+c.what, func(t *testing.T) {
			key, err := jwttoken.NewKey("", c.alg, c.material)
			if !errors.Is(err, jwttoken.ErrKey) {
				t.Errorf("got error %v, want ErrKey", err)
			}
			if key != (jwttoken.Key{}) {
				t.Error("got a key with the error")
			}
		})
	}
	for what, err := range map[string]error{
		"HS256": second(jwttoken.HS256(k.secret[:31])),
		"RS256": second(jwttoken.RS256(nil)),
		"ES256": second(jwttoken.ES256(k.p384)),
		"EdDSA": second(jwttoken.EdDSA(nil)),
	} {
		if !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("%s: got error %v, want ErrKey", what, err)
		}
	}
}

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

// A secret and an Ed25519 key are copied: the caller may clear them.
func TestKeyMaterialIsCopied(t *testing.T) {
	secret := bytes.Clone(testKeys().secret)
	private := bytes.Clone(testKeys().ed25519)
	public := bytes.Clone(testKeys().ed25519.Public().(ed25519.PublicKey))
	hmacTokens, edTokens := must(jwttoken.HS256(secret)), must(jwttoken.EdDSA(private))
	verifier := must(jwttoken.NewVerifier(jwttoken.Options{
		Keys: []jwttoken.Key{newKey(t, "", "EdDSA", ed25519.PublicKey(public))},
	}))
	clear(secret)
	clear(private)
	clear(public)
	accepts(t, tokensOf(t, "HS256"), sign(t, hmacTokens, claims()), claims())
	accepts(t, tokensOf(t, "EdDSA"), sign(t, edTokens, claims()), claims())
	accepts(t, verifier, sign(t, edTokens, claims()), claims())
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

func second[T any](_ T, err error) error { return err }
