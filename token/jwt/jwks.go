package jwttoken

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"time"
)

// jwksMaxAge is how long a JWK set may be cached. A key must be in the set for as long
// before it signs, and may be trusted for as long after it was taken out.
const jwksMaxAge = "public, max-age=300"

// jwk is a public key in the form of RFC 7517 §4, RFC 7518 §6 and RFC 8037 §2.
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

// newJWK returns what the public halves of all keys have.
func (k *key) newJWK() jwk {
	return jwk{Kty: k.keyType, Use: "sig", Alg: k.name, Kid: k.kid}
}

// JWKS returns a handler that serves the public keys as a JWK set (RFC 7517 §5). A
// resource server makes a [Verifier] of it by [ParseJWKS]. A private key appears with
// its public half, and secrets do not appear: with HMAC alone the set is empty.
//
// The handler answers GET and HEAD, and any other method with status 405. The response
// may be cached for 5 minutes. The handler is safe for concurrent use.
func (s *Signer) JWKS() http.Handler {
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, k := range s.ring.keys {
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

// ParseJWKS returns the keys of a JWK set (RFC 7517 §5), in their order, for the Options
// of a [Verifier]. A set without keys gives none. ParseJWKS fetches nothing and keeps no
// reference to data. Limit the length of data before: the cost grows with it.
//
// It refuses the whole set, with an error that matches [ErrKey], if one key is not a
// public signature key that [NewKey] accepts:
//
//   - kty must be RSA, EC or OKP, alg must fit it, and the numbers of the key must be
//     there.
//   - use must be "sig", if it is there.
//   - key_ops must contain "verify", if it is there.
//   - kid must be a string that is not empty, if it is there.
//   - There must be no secret ("oct") and no private number.
//
// Two keys of one kid and a key for two algorithms are refused too. Other members are
// ignored. Set and keys are JSON objects in UTF-8. In none may two names be equal or
// differ only in case, and a name that means something must be in lower case.
func ParseJWKS(data []byte) ([]Key, error) {
	var list []byte
	set := newObject(data, jwkSetNames)
	for set.next() {
		value := set.readValue()
		if set.known >= 0 {
			list = value
		}
	}
	if set.err != nil {
		return nil, keyError("the JWK set %w", set.err)
	}
	texts, ok := elements(list)
	if !ok {
		return nil, keyError("the JWK set must have keys, which must be an array")
	}
	keys := make([]Key, len(texts))
	for i, text := range texts {
		var err error
		if keys[i], err = parseJWK(text); err != nil {
			return nil, keyError("key %d of the JWK set: %w", i+1, err)
		}
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	return keys, nil
}

// The members of a JWK that mean something here.
const (
	ktyMember = iota
	useMember
	keyOpsMember
	algMember
	kidMember
	crvMember
	xMember
	yMember
	nMember
	eMember
	// The others are the secret or part of a private key (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
	privateMember
)

var (
	jwkSetNames = newNames(nil, "keys")
	jwkNames    = newNames(nil, "kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e",
		"d", "p", "q", "dp", "dq", "qi", "oth", "k")
)

// jwkMembers holds the members of a JWK, nil for one that is not there.
type jwkMembers [privateMember][]byte

func parseJWK(text []byte) (Key, error) {
	var m jwkMembers
	o := newObject(text, jwkNames)
	for o.next() {
		value := o.readValue()
		if o.known >= privateMember {
			return Key{}, errors.New("must not be a secret or a private key")
		}
		if o.known >= 0 {
			m[o.known] = value
		}
	}
	if o.err != nil {
		return Key{}, o.err
	}
	if m[useMember] != nil && m.text(useMember) != "sig" {
		return Key{}, errors.New(`use must be "sig"`)
	}
	if operations, ok := unquoteAll(m[keyOpsMember]); m[keyOpsMember] != nil && !(ok && slices.Contains(operations, "verify")) {
		return Key{}, errors.New(`key_ops must be an array of strings with "verify"`)
	}
	kid := m.text(kidMember)
	if m[kidMember] != nil && kid == "" {
		return Key{}, errors.New("kid must be a string that is not empty")
	}
	a, ok := algorithms[m.text(algMember)]
	if !ok || a.keyType != m.text(ktyMember) || a.keyType == octKey {
		return Key{}, errors.New("kty must be RSA, EC or OKP, and alg must fit it")
	}
	public := m.public(a)
	if public == nil {
		return Key{}, errors.New("the numbers of the public key must be there and in their ranges")
	}
	return newKey(kid, a.name, public)
}

// text returns a member that is a string, and "" if it is not.
func (m *jwkMembers) text(member int) string { return textOf(m[member]) }

func textOf(value []byte) string {
	text, ok := unquote(value)
	if !ok {
		return ""
	}
	return string(text)
}

// bytes returns a member that is base64url, and nil if it is not.
func (m *jwkMembers) bytes(member int) []byte {
	b, ok := decodeText(m.text(member))
	if !ok {
		return nil
	}
	return b
}

// public returns the key that the numbers make, nil if they make none.
func (m *jwkMembers) public(a algorithm) any {
	switch a.keyType {
	case rsaKey:
		n, e := m.bytes(nMember), m.bytes(eMember)
		// No leading zeros: RFC 7518 §6.3.1.
		if len(n) == 0 || n[0] == 0 || len(e) == 0 || len(e) > 4 || e[0] == 0 {
			return nil
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	case ecKey:
		x, y := m.bytes(xMember), m.bytes(yMember)
		if m.text(crvMember) != a.curve.Params().Name || len(x) != len(y) {
			return nil
		}
		if public, err := ecdsa.ParseUncompressedPublicKey(a.curve, slices.Concat([]byte{4}, x, y)); err == nil {
			return public
		}
	case okpKey:
		if x := m.bytes(xMember); m.text(crvMember) == ed25519Curve && len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	}
	return nil
}
