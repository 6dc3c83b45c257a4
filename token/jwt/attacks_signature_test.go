package jwttoken_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// withSignatures makes attacks of an honest token: the same with other signatures.
func withSignatures(honest string, signatures map[string][]byte) (attacks []attack) {
	text := honest[:strings.LastIndexByte(honest, '.')]
	for name, signature := range signatures {
		attacks = append(attacks, attack{name, text + "." + encode(string(signature)), honest})
	}
	return attacks
}

// signatureOf returns the honest token's signature, and what it signs.
func signatureOf(t *testing.T, honest string) (signature, text []byte) {
	t.Helper()
	return []byte(decode(t, honest, 2)), []byte(honest[:strings.LastIndexByte(honest, '.')])
}

// misshapen returns signatures that have not the form of the genuine one.
func misshapen(genuine []byte) map[string][]byte {
	n := len(genuine)
	return map[string][]byte{
		"empty":           {},
		"one byte":        genuine[:1],
		"half":            genuine[:n/2],
		"cut":             genuine[:n-1],
		"cut in front":    genuine[1:],
		"longer":          append(slices.Clone(genuine), 0),
		"longer in front": append([]byte{0}, genuine...),
		"twice":           append(slices.Clone(genuine), genuine...),
		"zeros":           make([]byte, n),
		"ones":            slices.Repeat([]byte{0xff}, n),
		"in hexadecimal":  fmt.Appendf(nil, "%x", genuine),
		"reversed":        reversed(genuine),
	}
}

func reversed(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}

// r and s are from 1 to the order of the curve less 1: with zeros every text would
// be signed (CVE-2022-21449), and DER is another form (RFC 7518 §3.4).
func TestAttacksOnECDSASignatures(t *testing.T) {
	for _, alg := range []string{"ES256", "ES384", "ES512"} {
		t.Run(alg, func(t *testing.T) {
			tokens := tokensOf(t, alg)
			honest := sign(t, tokens, claims())
			genuine, _ := signatureOf(t, honest)
			_, public := keysOf(alg)
			size := len(genuine) / 2
			order := public.(*ecdsa.PublicKey).Params().N
			prime := public.(*ecdsa.PublicKey).Params().P
			r, s := new(big.Int).SetBytes(genuine[:size]), new(big.Int).SetBytes(genuine[size:])
			pair := func(r, s *big.Int) []byte {
				return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
			}
			zero, one := new(big.Int), big.NewInt(1)
			attacks := withSignatures(honest, misshapen(genuine))
			attacks = append(attacks, withSignatures(honest, map[string][]byte{
				"r and s zero":       pair(zero, zero),
				"r zero":             pair(zero, s),
				"s zero":             pair(r, zero),
				"r zero, s one":      pair(zero, one),
				"r one, s zero":      pair(one, zero),
				"r and s one":        pair(one, one),
				"r and s the order":  pair(order, order),
				"r the order":        pair(order, s),
				"s the order":        pair(r, order),
				"r zero, s order":    pair(zero, order),
				"r order, s zero":    pair(order, zero),
				"r and s the prime":  pair(prime, prime),
				"r the order less 1": pair(new(big.Int).Sub(order, one), s),
				"r and s swapped":    pair(s, r),
				"r twice":            pair(r, r),
				"DER":                must(asn1.Marshal(struct{ R, S *big.Int }{r, s})),
				"DER of zeros":       must(asn1.Marshal(struct{ R, S *big.Int }{zero, zero})),
				"each a byte longer": slices.Concat([]byte{0}, genuine[:size], []byte{0}, genuine[size:]),
			})...)
			repels(t, tokens, attacks)
		})
	}
}

// The signature has the length of the modulus and is below it, and no padding is
// taken for another's (RFC 8017 §8.1.2, §8.2.2).
func TestAttacksOnRSASignatures(t *testing.T) {
	key := testKeys().rsa
	for _, alg := range []string{"RS256", "PS256"} {
		t.Run(alg, func(t *testing.T) {
			tokens := tokensOf(t, alg)
			honest := sign(t, tokens, claims())
			genuine, text := signatureOf(t, honest)
			number := func(n *big.Int) []byte { return n.FillBytes(make([]byte, key.Size())) }
			sum, sum512 := sha256.Sum256(text), sha512.Sum512(text)
			one := big.NewInt(1)
			attacks := withSignatures(honest, misshapen(genuine))
			attacks = append(attacks, withSignatures(honest, map[string][]byte{
				"one":                 number(one),
				"the modulus":         number(key.N),
				"the modulus less 1":  number(new(big.Int).Sub(key.N, one)),
				"negated":             number(new(big.Int).Sub(key.N, new(big.Int).SetBytes(genuine))),
				"with the modulus on": new(big.Int).Add(key.N, new(big.Int).SetBytes(genuine)).Bytes(),
				"of another hash":     must(rsa.SignPKCS1v15(nil, key, crypto.SHA512, sum512[:])),
				"without the hash id": must(rsa.SignPKCS1v15(nil, key, 0, sum[:])),
				"encoded, not signed": append(slices.Concat([]byte{0, 1}, slices.Repeat([]byte{0xff}, key.Size()-35), []byte{0}), sum[:]...),
			})...)
			repels(t, tokens, attacks)
		})
	}
}

// s is below the order of the base point (RFC 8032 §5.1.7): otherwise a signature
// has a twin. The signed text is the token's, without context or first hash.
func TestAttacksOnEd25519Signatures(t *testing.T) {
	tokens := tokensOf(t, "EdDSA")
	honest := sign(t, tokens, claims())
	genuine, text := signatureOf(t, honest)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := new(big.Int).SetBytes(reversed(genuine[32:]))
	withS := func(s *big.Int) []byte {
		return append(slices.Clone(genuine[:32]), reversed(s.FillBytes(make([]byte, 32)))...)
	}
	added := func(times int64) []byte {
		return withS(new(big.Int).Add(s, new(big.Int).Mul(order, big.NewInt(times))))
	}
	sum := sha512.Sum512(text)
	private := testKeys().ed25519
	attacks := withSignatures(honest, misshapen(genuine))
	attacks = append(attacks, withSignatures(honest, map[string][]byte{
		"s and the order":         added(1),
		"s and the order 7 times": added(7),
		"negated s":               withS(new(big.Int).Sub(order, s)),
		"s zero":                  withS(new(big.Int)),
		"highest bit of s":        withS(new(big.Int).SetBit(s, 255, 1)),
		"r without sign":          slices.Concat(genuine[:31], []byte{genuine[31] ^ 0x80}, genuine[32:]),
		"halves swapped":          append(slices.Clone(genuine[32:]), genuine[:32]...),
		"Ed25519ctx":              must(private.Sign(nil, text, &ed25519.Options{Context: "jwt"})),
		"Ed25519ph":               must(private.Sign(nil, sum[:], &ed25519.Options{Hash: crypto.SHA512})),
		"of the hash":             ed25519.Sign(private, sum[:]),
	})...)
	for i, point := range lowOrder {
		attacks = append(attacks, withSignatures(honest, map[string][]byte{
			fmt.Sprintf("r of low order %d, s zero", i+1): append(must(hex.DecodeString(point)), make([]byte, 32)...),
		})...)
	}
	repels(t, tokens, attacks)
}

// The MAC is whole, and of the whole text, with the secret and the hash of the key.
func TestAttacksOnMACs(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	honest := sign(t, tokens, claims())
	genuine, text := signatureOf(t, honest)
	secret := testKeys().secret
	mac := func(key, text []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(text)
		return h.Sum(nil)
	}
	long := hmac.New(sha512.New, secret)
	long.Write(text)
	plain := sha256.Sum256(append(slices.Clone(secret), text...))
	attacks := withSignatures(honest, misshapen(genuine))
	attacks = append(attacks, withSignatures(honest, map[string][]byte{
		"of 80 bits":           genuine[:10],
		"of 128 bits":          genuine[:16],
		"HS512":                long.Sum(nil),
		"HS512, cut":           long.Sum(nil)[:32],
		"empty secret":         mac(nil, text),
		"zeros as secret":      mac(make([]byte, 64), text),
		"cut secret":           mac(secret[:32], text), // not by a byte: a key that ends in zero is the same without
		"of the header":        mac(secret, []byte(strings.Split(honest, ".")[0])),
		"of the payload":       mac(secret, []byte(strings.Split(honest, ".")[1])),
		"of the decoded parts": mac(secret, []byte(decode(t, honest, 0)+"."+decode(t, honest, 1))),
		"hash, no MAC":         plain[:],
	})...)
	repels(t, tokens, attacks)
}
