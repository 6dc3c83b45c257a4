package jwttoken

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"fmt"
	"hash"
	"math/big"
)

const (
	minRSABits = 2048 // RFC 7518 §3.3
	maxRSABits = 8192 // as in crypto/tls, because checking a larger key takes long
)

func (k *key) setSecret(material any) error {
	secret, ok := material.([]byte)
	if !ok {
		return k.wrongType(material, "[]byte")
	}
	if wrong := k.wrongSecret(secret); wrong != "" {
		return keyError("the secret for %s is %s: it must be at least %d random bytes (RFC 7518 §3.2) that nobody else knows",
			k.name, wrong, k.hash.Size())
	}
	secret = bytes.Clone(secret)
	k.set(secret, secret, secret)
	k.newMAC = func() hash.Hash { return hmac.New(k.hash.New, secret) }
	k.signatureBytes = k.hash.Size()
	return nil
}

// wrongSecret says what a secret is that can't be used, and "" of one that can.
func (k *key) wrongSecret(secret []byte) string {
	n := len(secret)
	switch {
	case n == 0:
		return "empty"
	case isPublicKey(secret):
		return "a public key, a certificate or another key's text"
	case n == 1:
		return "1 byte long"
	case n < k.hash.Size():
		return fmt.Sprintf("%d bytes long", n)
	case bytes.Count(secret, secret[:1]) == n:
		return "one byte repeated"
	}
	return ""
}

func (k *key) setRSA(material any) error {
	var private any
	public, _ := material.(*rsa.PublicKey)
	if p, ok := material.(*rsa.PrivateKey); ok && p != nil {
		private, public = p, &p.PublicKey
	}
	if public == nil || public.N == nil {
		return k.wrongType(material, "a *rsa.PrivateKey or *rsa.PublicKey")
	}
	bits := public.N.BitLen()
	if bits < minRSABits || bits > maxRSABits {
		return keyError("a key for %s has %d to %d bits, not %d (RFC 7518 §3.3)", k.name, minRSABits, maxRSABits, bits)
	}
	if public.N.Bit(0) == 0 || public.E < 3 || public.E%2 == 0 || public.E > 1<<31-1 {
		return keyError("the RSA modulus or exponent is impossible")
	}
	n, e := public.N.Bytes(), big.NewInt(int64(public.E)).Bytes()
	k.set(public, private, n)
	k.jwk = k.newJWK()
	k.jwk.N, k.jwk.E = base64url.EncodeToString(n), base64url.EncodeToString(e)
	k.signatureBytes = public.Size()
	return nil
}

func (k *key) setECDSA(material any) error {
	var private any
	public, _ := material.(*ecdsa.PublicKey)
	if p, ok := material.(*ecdsa.PrivateKey); ok && p != nil {
		private, public = p, &p.PublicKey
	}
	if public == nil || !hasAllNumbers(public, private) {
		return k.wrongType(material, "a *ecdsa.PrivateKey or *ecdsa.PublicKey")
	}
	if public.Curve != k.curve {
		return keyError("a key for %s is on %s (RFC 7518 §3.4)", k.name, k.curve.Params().Name)
	}
	point, err := public.Bytes()
	if err != nil {
		return keyError("the point is not on %s", k.curve.Params().Name)
	}
	k.set(public, private, point)
	k.jwk = k.newJWK()
	x, y := point[1:1+len(point)/2], point[1+len(point)/2:] // behind a byte that says "uncompressed"
	k.jwk.Crv, k.jwk.X, k.jwk.Y = k.curve.Params().Name, base64url.EncodeToString(x), base64url.EncodeToString(y)
	k.signatureBytes = len(x) + len(y) // r and s are as long
	return nil
}

// hasAllNumbers reports whether none is nil, where crypto/ecdsa would panic.
func hasAllNumbers(public *ecdsa.PublicKey, private any) bool {
	//nolint:staticcheck // deprecated, but nothing is done with the numbers
	if p, ok := private.(*ecdsa.PrivateKey); ok && p.D == nil {
		return false
	}
	//nolint:staticcheck // deprecated, but nothing is done with the numbers
	return public.Curve != nil && public.X != nil && public.Y != nil
}

func (k *key) setEd25519(material any) error {
	var private any
	public, _ := material.(ed25519.PublicKey)
	if p, ok := material.(ed25519.PrivateKey); ok && len(p) == ed25519.PrivateKeySize {
		p = bytes.Clone(p)
		private, public = p, p.Public().(ed25519.PublicKey)
	}
	if len(public) != ed25519.PublicKeySize {
		return k.wrongType(material, "an ed25519.PrivateKey or ed25519.PublicKey")
	}
	public = bytes.Clone(public)
	if hasLowOrder(public) {
		return keyError("the public key for %s is of low order: anybody can sign for it", k.name)
	}
	k.set(public, private, public)
	k.jwk = k.newJWK()
	k.jwk.Crv, k.jwk.X = ed25519Curve, base64url.EncodeToString(public)
	k.signatureBytes = ed25519.SignatureSize
	return nil
}
