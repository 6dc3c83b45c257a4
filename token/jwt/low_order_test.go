package jwttoken_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

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
