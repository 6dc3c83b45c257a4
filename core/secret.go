package core

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
)

const minSecretBytes = 32

// NewSecret returns 32 random bytes for Config.Secret. Make one once and keep it
// where your secrets are kept, as the text of [encoding/base64] for
// example: one made at every start logs everybody out, and servers with different
// ones refuse each other's refresh tokens.
func NewSecret() []byte {
	secret := make([]byte, minSecretBytes)
	rand.Read(secret) // never fails
	return secret
}

// checkSecrets says what is wrong with the secrets, one of which may be a public
// key of the access tokens: an ed25519.PublicKey can stand where a []byte is asked
// for.
func (c Config) checkSecrets(tokens AccessTokens) error {
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

func checkSecret(name string, secret []byte, tokens AccessTokens) error {
	known, _ := tokens.(interface{ HasPublicKey(b []byte) bool })
	switch {
	case len(secret) == 0:
		return errors.New(name + " is empty: it must be at least 32 random bytes, the same on every server, as NewSecret makes them")
	case len(secret) < minSecretBytes:
		return fmt.Errorf("%s is %d bytes long: it must be at least %d random bytes, as NewSecret makes them", name, len(secret), minSecretBytes)
	case bytes.Count(secret, secret[:1]) == len(secret):
		return errors.New(name + " is one byte repeated: it must be random, as NewSecret makes it")
	case isPublicKey(secret), known != nil && known.HasPublicKey(secret):
		return errors.New(name + " is a public key, which everybody knows: it must be random bytes that nobody does, as NewSecret makes them")
	}
	return nil
}

// isPublicKey reports whether the bytes have a form in which public keys are handed
// around: PEM (RFC 7468), a JWK (RFC 7517), OpenSSH's, DER.
func isPublicKey(b []byte) bool {
	var jwk struct {
		Kty string `json:"kty"`
	}
	_, pkix := x509.ParsePKIXPublicKey(b)
	_, pkcs1 := x509.ParsePKCS1PublicKey(b)
	_, certificate := x509.ParseCertificate(b)
	return bytes.Contains(b, []byte("-----BEGIN ")) ||
		bytes.HasPrefix(b, []byte("ssh-")) || bytes.HasPrefix(b, []byte("ecdsa-sha2-")) ||
		json.Unmarshal(b, &jwk) == nil && jwk.Kty != "" ||
		pkix == nil || pkcs1 == nil || certificate == nil
}
