package storetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

// holdsText reports whether the dump holds the text as it is, in hexadecimal or
// in base64, alone or within a longer text that was encoded as a whole.
func holdsText(dump, text []byte) bool {
	digits := []byte(hex.EncodeToString(text))
	if bytes.Contains(dump, text) || bytes.Contains(dump, digits) || bytes.Contains(dump, bytes.ToUpper(digits)) {
		return true
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			// Of a text that begins at any of the three places in a group of
			// three bytes, only the groups that it fills are known.
			whole := text[shift:]
			whole = whole[:len(whole)/3*3]
			if bytes.Contains(dump, []byte(encoding.EncodeToString(whole))) {
				return true
			}
		}
	}
	return false
}

// signer makes access tokens: the claims as JSON and an HMAC under the key that
// it is. Package jwttoken would do, but the suite is not to require it. It is safe
// for concurrent use.
type signer []byte

func (s signer) Sign(c core.Claims) (string, error) {
	claims, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.mac(text)), nil
}

func (s signer) Verify(token string) (core.Claims, error) {
	var c core.Claims
	text, mac, _ := strings.Cut(token, ".")
	if !hmac.Equal([]byte(mac), []byte(base64.RawURLEncoding.EncodeToString(s.mac(text)))) {
		return c, errors.New("access token has another MAC")
	}
	claims, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return c, fmt.Errorf("decode access token: %w", err)
	}
	if err := json.Unmarshal(claims, &c); err != nil {
		return c, fmt.Errorf("decode claims: %w", err)
	}
	return c, nil
}

// mac returns the MAC of a token or of its first part.
func (s signer) mac(token string) []byte {
	text, _, _ := strings.Cut(token, ".")
	h := hmac.New(sha256.New, s)
	h.Write([]byte(text))
	return h.Sum(nil)
}
