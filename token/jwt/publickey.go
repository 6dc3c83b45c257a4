package jwttoken

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// isPublicKey reports whether the bytes are known to the world rather than a
// secret, as they are or in base64: whoever takes a public key for an HMAC secret
// lets everybody sign (RFC 8725 §2.1).
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

// isPublicKeyText knows PEM (RFC 7468 §2), a JWK and a JWK set (RFC 7517 §4, §5).
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

// isBinaryPublicKey knows DER (PKIX, PKCS #1 and certificates), uncompressed points
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
