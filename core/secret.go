package core

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

const minSecretBytes = 32

// NewSecret returns 32 random bytes for Config.Secret. Make one once, and keep it where
// your other secrets are, for example as the text of [encoding/base64]. A secret
// made at every start logs everybody out. Servers with different secrets refuse each
// other's refresh tokens.
func NewSecret() []byte {
	secret := make([]byte, minSecretBytes)
	rand.Read(secret) // never fails
	return secret
}

// checkSecrets says what is wrong with the secrets, one of which may be a public
// key of the access tokens: an ed25519.PublicKey can stand where a []byte is asked
// for.
func (c Config) checkSecrets(tokens TokenSigner) error {
	if err := checkSecret("Secret", c.Secret, tokens); err != nil {
		return err
	}
	for i, secret := range c.PreviousSecrets {
		if err := checkSecret(fmt.Sprintf("PreviousSecrets[%d]", i), secret, tokens); err != nil {
			return err
		}
	}
	return nil
}

func checkSecret(name string, secret []byte, tokens TokenSigner) error {
	switch {
	case len(secret) == 0:
		return errors.New(name + " is empty: it must be at least 32 random bytes, the same on every server, as NewSecret makes them")
	case len(secret) < minSecretBytes:
		return fmt.Errorf("%s is %d bytes long: it must be at least %d random bytes, as NewSecret makes them", name, len(secret), minSecretBytes)
	case bytes.Count(secret, secret[:1]) == len(secret):
		return errors.New(name + " is one byte repeated: it must be random, as NewSecret makes it")
	}
	known, ok := tokens.(interface{ HasPublicKey(b []byte) bool })
	for _, form := range append(decoded(secret), secret) {
		switch {
		case ok && known.HasPublicKey(form):
			return errors.New(name + " is a public key of the access tokens, which everybody knows: it must be random bytes that nobody does, as NewSecret makes them")
		case isKeyForm(form):
			return errors.New(name + " has a form in which public keys are handed around: it must be random bytes that nobody knows, as NewSecret makes them")
		}
	}
	return nil
}

// decoded returns what a text is in any base64, if it is.
func decoded(text []byte) (forms [][]byte) {
	s := strings.TrimRight(strings.TrimSpace(string(text)), "=")
	for _, encoding := range [...]*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := encoding.DecodeString(s); err == nil {
			forms = append(forms, b)
		}
	}
	return forms
}

// isKeyForm reports whether the bytes have a form in which public keys are handed
// around, white space around them or not: PEM (RFC 7468), SSH's files (RFC 4716) and
// lines, a JWK or a set of them (RFC 7517), and DER.
func isKeyForm(b []byte) bool {
	text := bytes.TrimSpace(b)
	for _, begin := range [...]string{"-----BEGIN ", "---- BEGIN ", "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if bytes.HasPrefix(text, []byte(begin)) {
			return true
		}
	}
	var jwk struct {
		Kty  string            `json:"kty"`
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(text, &jwk) == nil && (jwk.Kty != "" || jwk.Keys != nil) {
		return true
	}
	// DER says how long it is: its last byte can look like white space.
	var der asn1.RawValue
	rest, err := asn1.Unmarshal(bytes.TrimLeftFunc(b, unicode.IsSpace), &der)
	if err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return false
	}
	_, pkix := x509.ParsePKIXPublicKey(der.FullBytes)
	_, pkcs1 := x509.ParsePKCS1PublicKey(der.FullBytes)
	_, certificate := x509.ParseCertificate(der.FullBytes)
	return pkix == nil || pkcs1 == nil || certificate == nil
}
