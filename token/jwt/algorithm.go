package jwttoken

import (
	"crypto"
	"crypto/elliptic"

	"github.com/golang-jwt/jwt/v5"
)

// The key types of RFC 7518 §6.1 and RFC 8037 §2.
const (
	octKey = "oct"
	rsaKey = "RSA"
	ecKey  = "EC"
	okpKey = "OKP"
)

// algorithm is one of those of RFC 7518 §3.1 and RFC 8037 §3.1.
type algorithm struct {
	name    string
	method  jwt.SigningMethod
	keyType string
	hash    crypto.Hash    // HMAC only
	curve   elliptic.Curve // ECDSA only
}

var algorithms = map[string]algorithm{}

func init() {
	for _, a := range []algorithm{
		{method: jwt.SigningMethodHS256, keyType: octKey, hash: crypto.SHA256},
		{method: jwt.SigningMethodHS384, keyType: octKey, hash: crypto.SHA384},
		{method: jwt.SigningMethodHS512, keyType: octKey, hash: crypto.SHA512},
		{method: jwt.SigningMethodRS256, keyType: rsaKey},
		{method: jwt.SigningMethodRS384, keyType: rsaKey},
		{method: jwt.SigningMethodRS512, keyType: rsaKey},
		{method: saltOfHashLength(jwt.SigningMethodPS256), keyType: rsaKey},
		{method: saltOfHashLength(jwt.SigningMethodPS384), keyType: rsaKey},
		{method: saltOfHashLength(jwt.SigningMethodPS512), keyType: rsaKey},
		{method: jwt.SigningMethodES256, keyType: ecKey, curve: elliptic.P256()},
		{method: jwt.SigningMethodES384, keyType: ecKey, curve: elliptic.P384()},
		{method: jwt.SigningMethodES512, keyType: ecKey, curve: elliptic.P521()},
		{method: jwt.SigningMethodEdDSA, keyType: okpKey},
	} {
		a.name = a.method.Alg()
		algorithms[a.name] = a
	}
}

// saltOfHashLength returns the method with the one salt length that RFC 7518
// §3.5 allows; the library's own accepts any when it verifies.
func saltOfHashLength(m *jwt.SigningMethodRSAPSS) jwt.SigningMethod {
	strict := *m
	strict.VerifyOptions = nil // which leaves Options
	return &strict
}
