package jwttoken

import (
	"hash"
	"sync"
	"unicode/utf8"
)

const maxKIDBytes = 255

// Key is one key of a [Signer] or a [Verifier], with the one algorithm it is for
// and the kid that names it. NewKey and ParseJWKS make one; the zero Key is
// refused everywhere. A Key never changes: it is safe for concurrent use and
// cheap to copy. It prints as its algorithm and its kid alone, whatever the verb.
type Key struct{ k *key }

// key keeps what is secret in functions: fmt can't call a Format method on an
// unexported field of another's struct, and prints all else that it finds there.
type key struct {
	algorithm
	kid            string
	jwk            jwk // the public half, with HMAC nothing
	signatureBytes int

	sign   func(text string) ([]byte, error) // nil in a key that only verifies
	verify func(text string, signature []byte) error
	public func() any       // what verifies, as the library takes it
	newMAC func() hash.Hash // HMAC only
	id     func() []byte    // the secret or the public numbers, which no other key has
	pool   sync.Pool        // of *scratch
}

// NewKey returns a key for that algorithm, named alg as in RFC 7518 §3.1 and RFC
// 8037 §3.1:
//
//	HS256 HS384 HS512                   []byte: a random secret of at least 32, 48, 64 bytes
//	RS256 RS384 RS512 PS256 PS384 PS512 *rsa.PrivateKey or *rsa.PublicKey of 2048 to 8192 bits
//	ES256 ES384 ES512                   *ecdsa.PrivateKey or *ecdsa.PublicKey on P-256, P-384, P-521
//	EdDSA                               ed25519.PrivateKey or ed25519.PublicKey
//
// What crypto/x509 parses is of these types. A public key verifies and can't
// sign; the others do both. The kid (RFC 7515 §4.1.4), at most 255 bytes of valid
// UTF-8, is written in every token and names the key that verifies it. The kid ""
// means that there is none: such a key verifies the tokens without kid and no
// others.
//
// Anything else is [ErrKey]: an unknown algorithm (there is no "none"), a key of
// another type, on another curve or too short (RFC 7518 §3.2, §3.3), a private
// key that does not belong to its public half, and an Ed25519 public key of low order:
// anybody can sign for such a one, and 32 bytes that nobody has set are one. An
// Ed25519 public key that is no point of the curve is not looked for: it verifies nothing.
//
// As a secret, so is one byte repeated, and whatever is recognized as a public key
// (RFC 8725 §2.1): PEM of any kind, DER (PKIX, PKCS #1 or a certificate), the
// OpenSSH form, a JWK or a set of them, each in base64 too, and the uncompressed
// point of an ECDSA key. The 32 bytes of an Ed25519 public key, handed over as
// []byte, look like any other 32 bytes: New and NewVerifier find them, in base64 and in
// hexadecimal too, where that key is in the same ring.
//
// A secret and an Ed25519 key are copied; an RSA or ECDSA key is kept and must
// not be changed afterwards.
func NewKey(kid, alg string, material any) (Key, error) {
	a, ok := algorithms[alg]
	if !ok {
		return Key{}, keyError("there is no algorithm %q", alg)
	}
	if len(kid) > maxKIDBytes || !utf8.ValidString(kid) {
		return Key{}, keyError("the kid is not UTF-8 of at most %d bytes", maxKIDBytes)
	}
	k := &key{algorithm: a, kid: kid}
	k.pool.New = func() any { return k.newScratch() }
	var err error
	switch a.keyType {
	case octKey:
		err = k.setSecret(material)
	case rsaKey:
		err = k.setRSA(material)
	case ecKey:
		err = k.setECDSA(material)
	case okpKey:
		err = k.setEd25519(material)
	}
	if err == nil {
		err = k.try()
	}
	if err != nil {
		return Key{}, err
	}
	return Key{k}, nil
}

// set stores what verifies, what signs (nil if nothing does), and what tells
// the key from others.
func (k *key) set(public, private any, id []byte) {
	k.id = func() []byte { return id }
	k.public = func() any { return public }
	k.verify = func(text string, signature []byte) error { return k.method.Verify(text, signature, public) }
	if private != nil {
		k.sign = func(text string) ([]byte, error) { return k.method.Sign(text, private) }
	}
}

// try finds out whether a private key belongs to its public half.
func (k *key) try() error {
	if k.sign == nil {
		return nil
	}
	const text = "tokenauth"
	signature, err := k.sign(text)
	if err != nil || k.verify(text, signature) != nil {
		return keyError("the private key for %s does not work with its public half", k.name)
	}
	return nil
}

func (k *key) wrongType(material any, want string) error {
	return keyError("%s takes %s; got %T, incomplete or of another kind", k.name, want, material)
}
