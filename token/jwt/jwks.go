package jwttoken

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// jwksMaxAge is how long a JWK set may be cached: a key that is to sign must be in
// the set for at least as long before, and one that was withdrawn may be
// trusted for as long after.
const jwksMaxAge = "public, max-age=300"

// jwk is a public key as RFC 7517 §4, RFC 7518 §6 and RFC 8037 §2 lay it out.
type jwk struct {
	Kty string `json:"kty"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Kid string `json:"kid,omitempty"`
	Crv string `json:"crv,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
}

// JWKS returns a handler that serves the public keys as a JWK set (RFC 7517
// §5), for resource servers to make a [Verifier] of: see [ParseJWKS]. Secrets are
// left out, so with HMAC alone the set is empty, and private keys appear with
// their public half. It answers GET and HEAD, and any other method with 405;
// the answer may be cached for 5 minutes. It is safe for concurrent use.
func (t *Signer) JWKS() http.Handler {
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, k := range t.ring.keys {
		if k.keyType != octKey {
			set.Keys = append(set.Keys, k.jwk)
		}
	}
	body, _ := json.Marshal(set) // never fails: strings
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Cache-Control", jwksMaxAge)
		h.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// newJWK returns what the public halves of all keys have.
func (k *key) newJWK() jwk {
	return jwk{Kty: k.keyType, Use: "sig", Alg: k.name, Kid: k.kid}
}
