package jwttoken_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// algorithms are all that the package knows, those of one family side by side.
var algorithms = []string{
	"HS256", "HS384", "HS512",
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512",
	"EdDSA",
}

// testKeys holds one key of each kind. They are always the same, so that no test depends
// on the numbers of a random key.
var testKeys = sync.OnceValue(func() (k struct {
	secret           []byte
	rsa              *rsa.PrivateKey
	p256, p384, p521 *ecdsa.PrivateKey
	ed25519          ed25519.PrivateKey
}) {
	sum := sha512.Sum512([]byte("test"))
	k.secret = sum[:]
	k.rsa = vectors[1].rsa()
	k.p256 = must(ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:32]))
	k.p384 = must(ecdsa.ParseRawPrivateKey(elliptic.P384(), sum[:48]))
	k.p521 = must(ecdsa.ParseRawPrivateKey(elliptic.P521(), append([]byte{0, 0}, sum[:]...)))
	k.ed25519 = ed25519.NewKeyFromSeed(sum[:ed25519.SeedSize])
	return k
})

// keysOf returns a key for the algorithm, as it signs and as it verifies.
func keysOf(alg string) (private, public any) {
	k := testKeys()
	switch {
	case strings.HasPrefix(alg, "HS"):
		return k.secret, k.secret
	case alg == "ES256":
		return k.p256, &k.p256.PublicKey
	case alg == "ES384":
		return k.p384, &k.p384.PublicKey
	case alg == "ES512":
		return k.p521, &k.p521.PublicKey
	case alg == "EdDSA":
		return k.ed25519, k.ed25519.Public()
	}
	return k.rsa, &k.rsa.PublicKey
}

func newRSAKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

func newKey(t testing.TB, kid, alg string, material any) jwttoken.Key {
	t.Helper()
	k, err := jwttoken.NewKey(kid, alg, material)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newTokens(t testing.TB, o jwttoken.Options) *jwttoken.Signer {
	t.Helper()
	tokens, err := jwttoken.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// tokensOf returns tokens with the test key of that algorithm, without kid.
func tokensOf(t testing.TB, alg string) *jwttoken.Signer {
	t.Helper()
	private, _ := keysOf(alg)
	return newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "", alg, private)}})
}

// claims returns what a token of this project usually carries.
func claims() core.Claims {
	return core.Claims{
		UserID:    "user-42",
		Ref:       core.Ref(uuid.MustParse(testRef)),
		SessionID: "abcdefgh234567abcdefgh234567abcdefgh2345",
		IssuedAt:  time.Unix(1795435200, 0).UTC(),
		ExpiresAt: time.Unix(1795435260, 0).UTC(),
	}
}

const (
	testRef = "6b1f7c1a-92f5-4b3e-8d5c-0a4d8f7e2c11"
	// ownHeader and ownPayload are those of HS256 and claims, as Sign writes them.
	ownHeader  = `{"alg":"HS256","typ":"at+jwt"}`
	ownPayload = `{"iat":1795435200,"exp":1795435260,"user_id":"user-42","ref_id":"` + testRef +
		`","sid":"abcdefgh234567abcdefgh234567abcdefgh2345"}`
)

func sign(t testing.TB, tokens core.TokenSigner, c core.Claims) string {
	t.Helper()
	token, err := tokens.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forge signs any two segments, which it takes as they are.
func forge(t testing.TB, alg, header, payload string) string {
	t.Helper()
	private, _ := keysOf(alg)
	text := header + "." + payload
	signature, err := jwt.GetSigningMethod(alg).Sign(text, private)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + encode(string(signature))
}

// hs256 signs any header and payload with HS256 and the test secret.
func hs256(t testing.TB, header, payload string) string {
	t.Helper()
	return forge(t, "HS256", encode(header), encode(payload))
}

// accepts fails the test unless the token is verified and says the same.
func accepts(t testing.TB, v core.TokenVerifier, token string, want core.Claims) {
	t.Helper()
	got, err := v.Verify(token)
	if err != nil {
		t.Errorf("refused: %v", err)
	} else if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// refuses fails the test unless the token is ErrToken and gives no claims. It
// returns the error.
func refuses(t testing.TB, v core.TokenVerifier, token string) error {
	t.Helper()
	got, err := v.Verify(token)
	if !errors.Is(err, jwttoken.ErrToken) {
		t.Errorf("got error %v, want ErrToken", err)
	}
	if got != (core.Claims{}) {
		t.Errorf("got claims with the error: %+v", got)
	}
	return err
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// decode returns the text of one of a token's parts.
func decode(t testing.TB, token string, part int) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[part])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
