package jwttoken_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// The signatures that the RFCs give as examples are genuine, for their keys, whose
// public half comes as a JWK set; with any bit of the signature changed, or any
// character of what is signed, they are not. Their claims are not those of an
// access token, so that what Verify does first is asked here by itself.
func TestSignaturesOfTheRFCs(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			if !v.isGenuine(t) {
				t.Fatal("crypto does not verify it: it is mistyped")
			}
			key := v.verifies(t)
			payload, err := key.Open(v.token())
			if err != nil || string(payload) != v.payload {
				t.Errorf("got payload %q, error %v", payload, err)
			}
			signature := must(base64.RawURLEncoding.DecodeString(v.signature))
			for i := range signature {
				signature[i] ^= 1 << (i % 8)
				damaged := v.signed() + "." + encode(string(signature))
				signature[i] ^= 1 << (i % 8)
				if _, err := key.Open(damaged); !errors.Is(err, jwttoken.ErrToken) {
					t.Errorf("with byte %d of the signature changed: got error %v", i, err)
				}
			}
			for i, c := range []byte(v.signed()) {
				damaged := []byte(v.token())
				if damaged[i] = 'A'; c == 'A' {
					damaged[i] = 'B'
				}
				if _, err := key.Open(string(damaged)); !errors.Is(err, jwttoken.ErrToken) {
					t.Errorf("with character %d changed: got error %v", i, err)
				}
			}
		})
	}
}

// The same keys sign and verify access tokens. What HMAC, RSASSA-PKCS1-v1_5 and
// Ed25519 sign is, byte for byte, what crypto makes of it; what ECDSA signs, it verifies.
func TestAccessTokensWithTheKeysOfTheRFCs(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "", v.alg, v.private(t))}})
			token := sign(t, tokens, claims())
			own := vector{alg: v.alg, key: v.key}
			own.header, own.payload = decode(t, token, 0), decode(t, token, 1)
			own.signature = token[strings.LastIndexByte(token, '.')+1:]
			if !own.isGenuine(t) {
				t.Error("crypto does not verify it")
			}
			verifier := must(jwttoken.NewVerifier(jwttoken.Options{Keys: []jwttoken.Key{v.verifies(t)}}))
			accepts(t, verifier, token, claims())
		})
	}
}

// As access tokens all examples are refused: the one whose typ can be configured
// for its claims, once its signature has been verified, and for its signature if
// that is not genuine.
func TestExamplesOfTheRFCsAreNoAccessTokens(t *testing.T) {
	const noType, noClaims, noSignature = "typ must be", "the payload must have iat", "the signature must be the key's"
	refusesWith := func(v core.TokenVerifier, token, reason string) {
		t.Helper()
		if err := refuses(t, v, token); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("got error %v, want one that says %q", err, reason)
		}
	}
	for _, v := range vectors {
		verifier := must(jwttoken.NewVerifier(jwttoken.Options{Keys: []jwttoken.Key{v.verifies(t)}}))
		refusesWith(verifier, v.token(), noType)
	}
	hs256 := vectors[0]
	typed := must(jwttoken.NewVerifier(jwttoken.Options{Keys: []jwttoken.Key{hs256.verifies(t)}, Type: "JWT"}))
	refusesWith(typed, hs256.token(), noClaims)
	refusesWith(typed, hs256.signed()+".e"+hs256.signature[1:], noSignature)

	// RFC 7515 A.5, A.6 and A.7: without signature, and in JSON.
	rs256, es256 := vectors[1], vectors[2]
	const kidRSA, kidEC = "2010-12-29", "e9bc097a-ce51-4036-9562-d2ade882db0d"
	payload := encode(rs256.payload)
	signatures := fmt.Sprintf(`{"protected":%q,"header":{"kid":%q},"signature":%q}`, encode(rs256.header), kidRSA, rs256.signature) + "," +
		fmt.Sprintf(`{"protected":%q,"header":{"kid":%q},"signature":%q}`, encode(es256.header), kidEC, es256.signature)
	ring := must(jwttoken.NewVerifier(jwttoken.Options{Keys: []jwttoken.Key{
		newKey(t, kidRSA, "RS256", rs256.public(t)), newKey(t, kidEC, "ES256", es256.public(t)),
	}}))
	for _, text := range []string{
		"eyJhbGciOiJub25lIn0." + payload + ".",
		fmt.Sprintf(`{"payload":%q,"signatures":[%s]}`, payload, signatures),
		fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"kid":%q},"signature":%q}`, payload, encode(es256.header), kidEC, es256.signature),
	} {
		refuses(t, ring, text)
		refuses(t, typed, text)
	}
}

// The key of RFC 8037 A.1 has the public half of A.2 and the thumbprint of A.3,
// which is the hash of what stands in the JWK set (RFC 7638 §3).
func TestThumbprintOfRFC8037(t *testing.T) {
	v := vectors[len(vectors)-1]
	tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "", v.alg, v.private(t))}})
	var set struct {
		Keys []struct {
			Crv string `json:"crv"`
			Kty string `json:"kty"`
			X   string `json:"x"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(get(t, tokens.JWKS()).Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("got %d keys, error %v", len(set.Keys), err)
	}
	sum := sha256.Sum256(must(json.Marshal(set.Keys[0])))
	if got, want := encode(string(sum[:])), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
