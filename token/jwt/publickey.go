package jwttoken

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// HasKey reports whether b is one of the signer's keys: the secret of an HMAC, or the public
// half of another key in a form in which it is handed around. These are the 32 bytes of an
// Ed25519 key (RFC 8032 §5.1.5), the modulus of an RSA key, and the point of an ECDSA key (SEC 1
// §2.3.3), compressed or not, or one of its coordinates. The base64 or hexadecimal of a key
// counts as the key. [core.New] calls HasKey to refuse a secret that others know: every
// server that verifies the tokens has these keys.
func (s *Signer) HasKey(b []byte) bool {
	for _, k := range s.ring.keys {
		if k.isKnownBy(b) {
			return true
		}
	}
	return false
}

// isKnownBy reports whether the bytes are the key, or text that says it.
func (k *key) isKnownBy(b []byte) bool {
	forms := append(decodings(b), b)
	for _, known := range k.forms() {
		for _, form := range forms {
			if bytes.Equal(form, known) {
				return true
			}
		}
	}
	return false
}

// forms returns the forms of what others know of the key: its secret where it is of an HMAC,
// else its public half.
func (k *key) forms() [][]byte {
	id := k.id()
	switch k.keyType {
	case octKey:
		return append(decodings(id), id)
	case ecKey:
		x, y := coordinates(id)
		compressed := append([]byte{2 | y[len(y)-1]&1}, x...)
		return [][]byte{id, id[1:], x, y, compressed}
	}
	return [][]byte{id}
}

// decodings returns what bytes that may be text are in base64, in base64url and in
// hexadecimal.
func decodings(b []byte) (all [][]byte) {
	text := strings.TrimRight(strings.TrimSpace(string(b)), "=")
	for _, decode := range [...]func(string) ([]byte, error){
		base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString, hex.DecodeString,
	} {
		if decoded, err := decode(text); err == nil {
			all = append(all, decoded)
		}
	}
	return all
}
