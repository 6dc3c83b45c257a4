package jwttoken

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
)

// HS256 returns tokens with one secret, of at least 32 random bytes, and otherwise
// default [Options]: signed with HMAC-SHA256 (RFC 7518 §3.2) and without kid. A
// secret that [NewKey] would refuse is [ErrKey]. Whoever can verify such a
// token can make one: servers that are to do nothing but verify need one of
// the other algorithms.
func HS256(secret []byte) (*Signer, error) { return single("HS256", secret) }

// HS384 is [HS256] with HMAC-SHA384 and a secret of at least 48 bytes.
func HS384(secret []byte) (*Signer, error) { return single("HS384", secret) }

// HS512 is [HS256] with HMAC-SHA512 and a secret of at least 64 bytes.
func HS512(secret []byte) (*Signer, error) { return single("HS512", secret) }

// RS256 returns tokens with one key and otherwise default [Options]: signed with
// RSASSA-PKCS1-v1_5 and SHA-256 (RFC 7518 §3.3) and without kid. A key that
// [NewKey] would refuse is [ErrKey].
func RS256(key *rsa.PrivateKey) (*Signer, error) { return single("RS256", key) }

// RS384 is [RS256] with SHA-384.
func RS384(key *rsa.PrivateKey) (*Signer, error) { return single("RS384", key) }

// RS512 is [RS256] with SHA-512.
func RS512(key *rsa.PrivateKey) (*Signer, error) { return single("RS512", key) }

// PS256 is [RS256] with RSASSA-PSS (RFC 7518 §3.5).
func PS256(key *rsa.PrivateKey) (*Signer, error) { return single("PS256", key) }

// PS384 is [PS256] with SHA-384.
func PS384(key *rsa.PrivateKey) (*Signer, error) { return single("PS384", key) }

// PS512 is [PS256] with SHA-512.
func PS512(key *rsa.PrivateKey) (*Signer, error) { return single("PS512", key) }

// ES256 returns tokens with one key and otherwise default [Options]: signed with
// ECDSA on P-256 and SHA-256 (RFC 7518 §3.4) and without kid. A key that
// [NewKey] would refuse is [ErrKey].
func ES256(key *ecdsa.PrivateKey) (*Signer, error) { return single("ES256", key) }

// ES384 is [ES256] on P-384 with SHA-384.
func ES384(key *ecdsa.PrivateKey) (*Signer, error) { return single("ES384", key) }

// ES512 is [ES256] on P-521 with SHA-512.
func ES512(key *ecdsa.PrivateKey) (*Signer, error) { return single("ES512", key) }

// EdDSA returns tokens with one key and otherwise default [Options]: signed with
// Ed25519 (RFC 8037 §3.1) and without kid. A key that [NewKey] would refuse
// is [ErrKey].
func EdDSA(key ed25519.PrivateKey) (*Signer, error) { return single("EdDSA", key) }

func single(alg string, material any) (*Signer, error) {
	k, err := NewKey("", alg, material)
	if err != nil {
		return nil, err
	}
	return New(Options{Keys: []Key{k}})
}
