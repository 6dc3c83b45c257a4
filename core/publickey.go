package core

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode"
)

// IsPublicKey reports whether b has a form in which public keys are handed around: PEM of any
// kind (RFC 7468 §2), DER of a public key or of a certificate, the point of an ECDSA key (SEC 1
// §2.3.3, uncompressed), the forms of SSH (RFC 4253 §6.6, RFC 4716), a JWK or a set of them (RFC
// 7517 §4, §5), or the base64 or hexadecimal of one of these. White space around it does not
// matter.
//
// Such bytes must not be a secret, because others know them (RFC 8725 §2.1). [New] refuses them
// as Config.Secret, and token/jwt as the key of an HMAC. The 32 bytes of an Ed25519 key look like
// any others.
func IsPublicKey(b []byte) bool {
	if isPublicKeyText(b) || isPublicKeyBinary(b) {
		return true
	}
	// Base64 stands in one field of the OpenSSH form, and is broken into lines elsewhere.
	fields := strings.Fields(string(b))
	for _, text := range append(fields, strings.Join(fields, "")) {
		for _, decoded := range decodings(text) {
			if isPublicKeyText(decoded) || isPublicKeyBinary(decoded) {
				return true
			}
		}
	}
	return false
}

// decodings returns what a text is in base64, in base64url and in hexadecimal.
func decodings(text string) (all [][]byte) {
	text = strings.TrimRight(text, "=")
	for _, decode := range [...]func(string) ([]byte, error){
		base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString, hex.DecodeString,
	} {
		if b, err := decode(text); err == nil {
			all = append(all, b)
		}
	}
	return all
}

// sshKeyTypes are how the names of SSH's key types begin.
var sshKeyTypes = [...]string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"}

func isPublicKeyText(b []byte) bool {
	if bytes.Contains(b, []byte("-----BEGIN ")) || bytes.Contains(b, []byte("---- BEGIN ")) {
		return true
	}
	text := bytes.TrimSpace(b)
	for _, name := range sshKeyTypes {
		if bytes.HasPrefix(text, []byte(name)) {
			return true
		}
	}
	var jwk struct {
		Kty  string            `json:"kty"`
		Keys []json.RawMessage `json:"keys"`
	}
	return json.Unmarshal(text, &jwk) == nil && (jwk.Kty != "" || jwk.Keys != nil)
}

func isPublicKeyBinary(b []byte) bool {
	for _, curve := range [...]elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		if _, err := ecdsa.ParseUncompressedPublicKey(curve, b); err == nil {
			return true
		}
	}
	// An SSH key begins with the length and the text of its type.
	for _, name := range sshKeyTypes {
		if len(b) > 4 && bytes.HasPrefix(b, []byte{0, 0, 0}) && bytes.HasPrefix(b[4:], []byte(name)) {
			return true
		}
	}
	// DER says how long it is: its last byte can look like white space.
	var der asn1.RawValue
	if _, err := asn1.Unmarshal(bytes.TrimLeftFunc(b, unicode.IsSpace), &der); err != nil {
		return false
	}
	_, pkix := x509.ParsePKIXPublicKey(der.FullBytes)
	_, pkcs1 := x509.ParsePKCS1PublicKey(der.FullBytes)
	_, certificate := x509.ParseCertificate(der.FullBytes)
	return pkix == nil || pkcs1 == nil || certificate == nil
}
