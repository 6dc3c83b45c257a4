package jwttoken

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// A server that takes a public key for the secret of an HMAC lets everybody sign (RFC
// 8725 §2.1). This file finds public keys where a secret is expected.

// HasPublicKey reports whether b is a public key that verifies these tokens: the 32
// bytes of an Ed25519 key (RFC 8032 §5.1.5), the modulus of an RSA key, or the point of
// an ECDSA key (SEC 1 §2.3.3), compressed or not, or one of its coordinates. [core.New]
// calls it to refuse a secret that is a public key.
func (s *Signer) HasPublicKey(b []byte) bool {
	for _, k := range s.ring.keys {
		if k.isKnownBy(b) {
			return true
		}
	}
	return false
}

// isKnownBy reports whether the bytes are the public key in one of the binary forms in
// which it is handed around.
func (k *key) isKnownBy(b []byte) bool {
	if k.newMAC != nil {
		return false
	}
	id := k.id()
	forms := [][]byte{id}
	if k.keyType == ecKey {
		x, y := coordinates(id)
		compressed := append([]byte{2 | y[len(y)-1]&1}, x...)
		forms = append(forms, id[1:], x, y, compressed)
	}
	return slices.ContainsFunc(forms, func(form []byte) bool { return bytes.Equal(b, form) })
}

// isKnownByText does the same for bytes that may be text: base64, as in a JWK, or
// hexadecimal.
func (k *key) isKnownByText(b []byte) bool {
	if k.isKnownBy(b) {
		return true
	}
	text := strings.TrimRight(strings.TrimSpace(string(b)), "=")
	for _, decode := range []func(string) ([]byte, error){
		base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString, hex.DecodeString,
	} {
		if decoded, err := decode(text); err == nil && k.isKnownBy(decoded) {
			return true
		}
	}
	return false
}

// isPublicKey reports whether the bytes have a form in which public keys are handed
// around, or are the base64 of one.
func isPublicKey(b []byte) bool {
	if isPublicKeyText(b) || isBinaryPublicKey(b) {
		return true
	}
	text := string(b)
	// Base64 is in one field of the OpenSSH form, and in lines elsewhere.
	for _, field := range append(strings.Fields(text), strings.Join(strings.Fields(text), "")) {
		field = strings.TrimRight(field, "=")
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			decoded, err := encoding.DecodeString(field)
			if err == nil && (isBinaryPublicKey(decoded) || isPublicKeyText(decoded)) {
				return true
			}
		}
	}
	return false
}

// isPublicKeyText recognizes PEM (RFC 7468 §2), a JWK and a JWK set (RFC 7517 §4, §5). It
// is as lenient as encoding/json, unlike the parser of JWK sets.
func isPublicKeyText(b []byte) bool {
	if bytes.Contains(b, []byte("-----BEGIN ")) {
		return true
	}
	type jwk struct {
		Kty string `json:"kty"`
	}
	var one jwk
	if json.Unmarshal(b, &one) == nil && one.Kty != "" {
		return true
	}
	var set struct {
		Keys []jwk `json:"keys"`
	}
	return json.Unmarshal(b, &set) == nil && len(set.Keys) > 0 && set.Keys[0].Kty != ""
}

// isBinaryPublicKey recognizes DER (PKIX, PKCS #1 and certificates), uncompressed points
// (SEC 1 §2.3.3) and the binary form of SSH.
func isBinaryPublicKey(b []byte) bool {
	if _, err := x509.ParsePKIXPublicKey(b); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PublicKey(b); err == nil {
		return true
	}
	if _, err := x509.ParseCertificate(b); err == nil {
		return true
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		if _, err := ecdsa.ParseUncompressedPublicKey(curve, b); err == nil {
			return true
		}
	}
	// An SSH key begins with the length and the text of its type (RFC 4253 §6.6).
	if len(b) < 4 || !bytes.HasPrefix(b, []byte{0, 0, 0}) {
		return false
	}
	for _, kind := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if bytes.HasPrefix(b[4:], []byte(kind)) {
			return true
		}
	}
	return false
}
