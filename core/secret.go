package core

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
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

// checkSecrets says what is wrong with the secrets. One may be a key by mistake: an
// ed25519.PublicKey is a []byte too.
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
	if keys, ok := tokens.(interface{ HasKey(b []byte) bool }); ok && keys.HasKey(secret) {
		return errors.New(name + " is a key of the access tokens, which others know too: it must be random bytes of its own, as NewSecret makes them")
	}
	if IsPublicKey(secret) {
		return errors.New(name + " has the form of a public key: it must be random bytes that nobody knows, as NewSecret makes them")
	}
	return nil
}
