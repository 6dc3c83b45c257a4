package jwttoken

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// isPublicKey reports whether the bytes are known to the world rather than a
// secret: whoever takes a public key for an HMAC secret lets everybody sign
// (RFC 8725 §2.1).
func isPublicKey(b []byte) bool {
	if bytes.Contains(b, []byte("-----BEGIN ")) { // PEM (RFC 7468 §2)
		return true
	}
	if isBinaryPublicKey(b) {
		return true
	}
	var jwk struct {
		Kty string `json:"kty"`
	}
	if json.Unmarshal(b, &jwk) == nil && jwk.Kty != "" {
		return true
	}
	text := string(b)
	// Base64 is in one field of the OpenSSH form, and in lines elsewhere.
	for _, field := range append(strings.Fields(text), strings.Join(strings.Fields(text), "")) {
		field = strings.TrimRight(field, "=")
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if der, err := encoding.DecodeString(field); err == nil && isBinaryPublicKey(der) {
				return true
			}
		}
	}
	return false
}

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
