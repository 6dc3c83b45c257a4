package jwttoken_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
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
	for what, material := range map[string]any{
		"the smallest exponent": exponent(3), "the largest exponent": exponent(1<<31 - 1),
		"2048 bits": &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2047, 1), E: 65537},
		"8192 bits": &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 8191, 1), E: 65537},
	} {
		if _, err := jwttoken.NewKey("", "RS256", material); err != nil {
			t.Errorf("%s: %v", what, err)
		}
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

func second[T any](_ T, err error) error { return err }

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
		{"OpenSSH", []byte("ssh-ed25519 " + base64.StdEncoding.EncodeToString(public)), isPublic},
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

// lowOrder are the encodings of the eight points of Ed25519 whose order divides 8.
var lowOrder = []string{
	"0100000000000000000000000000000000000000000000000000000000000000", // order 1
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
	"0000000000000000000000000000000000000000000000000000000000000000", // order 4
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
}

// Anybody can sign for a public key of low order, without any private key: 32
// bytes that were never set are such a key.
func TestEd25519KeyThatAnybodySignsFor(t *testing.T) {
	otherEncodings := []string{ // of 1, -1, 0 and 1 again, as no encoder writes them
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	}
	for _, encoded := range append(otherEncodings, lowOrder...) {
		public := ed25519.PublicKey(must(hex.DecodeString(encoded)))
		if !isForged(public) {
			t.Errorf("crypto/ed25519 takes no forged signature for %x: it proves nothing", public)
		}
		if _, err := jwttoken.NewKey("", "EdDSA", public); !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("%x: got error %v, want ErrKey", public, err)
		}
		set := fmt.Sprintf(`{"keys":[{"kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":%q}]}`, encode(string(public)))
		if _, err := jwttoken.ParseJWKS([]byte(set)); !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("%x in a JWK set: got error %v, want ErrKey", public, err)
		}
	}
	for range 100 {
		public := ed25519.NewKeyFromSeed(randomBytes(32)).Public()
		if _, err := jwttoken.NewKey("", "EdDSA", public); err != nil {
			t.Errorf("%x: %v", public, err)
		}
	}
}

// Of all 32 bytes half are no point of the curve. Such a key is taken, and nobody signs
// for it.
func TestEd25519KeyThatIsNoPointVerifiesNothing(t *testing.T) {
	noPoint := ed25519.PublicKey(append([]byte{2}, make([]byte, 31)...)) // y = 2
	verifier := must(jwttoken.NewVerifier(jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "", "EdDSA", noPoint)}}))
	refuses(t, verifier, sign(t, tokensOf(t, "EdDSA"), claims()))
	if isForged(noPoint) {
		t.Error("crypto/ed25519 takes a forged signature")
	}
}

// isForged reports whether one of some texts has a signature by nobody: s is zero,
// and r one of the points of low order.
func isForged(public ed25519.PublicKey) bool {
	for i := range byte(32) {
		for _, r := range lowOrder {
			if ed25519.Verify(public, []byte{i}, append(must(hex.DecodeString(r)), make([]byte, 32)...)) {
				return true
			}
		}
	}
	return false
}
