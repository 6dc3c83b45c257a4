package jwttoken

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// isKnownBy reports whether the bytes are those of the public key in one of the forms
// in which it is handed around: of a point these are the one without the byte that
// says "uncompressed", the compressed one (SEC 1 §2.3.3) and each coordinate, too.
func (k *key) isKnownBy(b []byte) bool {
	id := k.id()
	switch {
	case k.newMAC != nil:
		return false
	case bytes.Equal(b, id):
		return true
	case k.keyType != ecKey:
		return false
	}
	x, y := id[1:1+len(id)/2], id[1+len(id)/2:]
	compressed := append([]byte{2 | y[len(y)-1]&1}, x...)
	return slices.ContainsFunc([][]byte{id[1:], x, y, compressed}, func(form []byte) bool { return bytes.Equal(b, form) })
}

// isKnownByText reports the same of bytes that may be text, too: base64, as in a JWK,
// or hexadecimal.
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
