package jwttoken

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tokenauth/tokenauth/core"
)

// MaxTokenBytes is the length of the longest token, in bytes. Sign makes no longer
// token, and Verify refuses one before it decodes any of it.
const MaxTokenBytes = 8192

// defaultType is the typ of access tokens in JWT form (RFC 9068 §2.1).
const defaultType = "at+jwt"

// Options configures [New] and [NewVerifier]. Printing one shows no key material.
type Options struct {
	// Keys holds at least one key. The first key signs, and all of them verify. The
	// kid in the header of a token names the key that verifies it. Two keys must not
	// have the same kid, and no key material may serve two algorithms. Required.
	Keys []Key
	// Issuer is the claim iss (RFC 7519 §4.1.1), in valid UTF-8. If it is set, Sign
	// writes it, and Verify refuses a token that has another iss or none.
	// Default: Sign writes no iss, and Verify accepts any.
	Issuer string
	// Audience is the claim aud (RFC 7519 §4.1.3), in valid UTF-8. If it is set, Sign
	// writes it, and Verify refuses a token unless its aud is that string or an
	// array of strings with that one in it. Default: Sign writes no aud, and Verify
	// refuses a token that has one.
	Audience string
	// Type is the header typ. It tells access tokens from other tokens that are
	// signed with the same key (RFC 8725 §3.11). It must be a media type. The typ of
	// a token may differ from it in case, and may begin with "application/"
	// (RFC 7515 §4.1.9). Default: at+jwt (RFC 9068 §2.1).
	Type string
}

// Signer signs and verifies access tokens. It implements [core.TokenSigner]. [New]
// makes one; [HS256] and its like make one of a single key. A Signer never changes
// and is safe for concurrent use. Printing one shows the algorithms and kids of its
// keys, and no key material.
type Signer struct {
	ring ring
}

// Purpose returns a text of the type, the issuer and the audience. [core.New] derives the
// keys of refresh tokens from it, so that a refresh token of one audience is not genuine
// for another, even if both schemas have the same secret.
func (s *Signer) Purpose() string {
	return fmt.Sprintf("%q %q %q", s.ring.typ, s.ring.issuer, s.ring.audience)
}

// Verifier verifies access tokens and can't sign any. It implements
// [core.TokenVerifier]. It is for a resource server, which needs only public keys.
// [NewVerifier] makes one. A Verifier never changes and is safe for concurrent use.
// Printing one shows the algorithms and kids of its keys, and no key material.
type Verifier struct {
	ring ring
}

var (
	_ core.TokenSigner   = (*Signer)(nil)
	_ core.TokenVerifier = (*Verifier)(nil)
)

// New returns a Signer that signs with the first key and verifies with all of them.
// The error matches [ErrKey] if there are no keys, if the first is a public key, if
// two keys have the same kid, or if one serves two algorithms. Any other error names
// the option that is wrong. New copies the Keys slice.
func New(o Options) (*Signer, error) {
	r, err := newRing(o)
	if err != nil {
		return nil, err
	}
	if k := r.keys[0]; k.sign == nil {
		return nil, keyError("the first key must be able to sign: %q is a public key", k.kid)
	}
	return &Signer{r}, nil
}

// NewVerifier returns a Verifier of tokens that one of the keys has signed. A key may
// be a public key, a private key or a secret. The errors are those of [New], except
// that the first key may be a public key.
func NewVerifier(o Options) (*Verifier, error) {
	r, err := newRing(o)
	if err != nil {
		return nil, err
	}
	return &Verifier{r}, nil
}

// HS256 returns a Signer that uses HMAC with SHA-256 (RFC 7518 §3.2). Its tokens have
// no kid, and its other [Options] have their defaults. The secret must be at least 32
// random bytes. The error matches [ErrKey] if [NewKey] would refuse the secret.
//
// A server that can verify such a token can also sign one. For servers that only
// verify, use one of the other algorithms.
func HS256(secret []byte) (*Signer, error) { return single("HS256", secret) }

// HS384 is like [HS256] with SHA-384. The secret must be at least 48 bytes long.
func HS384(secret []byte) (*Signer, error) { return single("HS384", secret) }

// HS512 is like [HS256] with SHA-512. The secret must be at least 64 bytes long.
func HS512(secret []byte) (*Signer, error) { return single("HS512", secret) }

// RS256 returns a Signer that uses RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3). Its
// tokens have no kid, and its other [Options] have their defaults. The error matches
// [ErrKey] if [NewKey] would refuse the key.
func RS256(key *rsa.PrivateKey) (*Signer, error) { return single("RS256", key) }

// RS384 is like [RS256] with SHA-384.
func RS384(key *rsa.PrivateKey) (*Signer, error) { return single("RS384", key) }

// RS512 is like [RS256] with SHA-512.
func RS512(key *rsa.PrivateKey) (*Signer, error) { return single("RS512", key) }

// PS256 is like [RS256] with RSASSA-PSS (RFC 7518 §3.5).
func PS256(key *rsa.PrivateKey) (*Signer, error) { return single("PS256", key) }

// PS384 is like [PS256] with SHA-384.
func PS384(key *rsa.PrivateKey) (*Signer, error) { return single("PS384", key) }

// PS512 is like [PS256] with SHA-512.
func PS512(key *rsa.PrivateKey) (*Signer, error) { return single("PS512", key) }

// ES256 returns a Signer that uses ECDSA on P-256 with SHA-256 (RFC 7518 §3.4). Its
// tokens have no kid, and its other [Options] have their defaults. The error matches
// [ErrKey] if [NewKey] would refuse the key.
func ES256(key *ecdsa.PrivateKey) (*Signer, error) { return single("ES256", key) }

// ES384 is like [ES256] on P-384 with SHA-384.
func ES384(key *ecdsa.PrivateKey) (*Signer, error) { return single("ES384", key) }

// ES512 is like [ES256] on P-521 with SHA-512.
func ES512(key *ecdsa.PrivateKey) (*Signer, error) { return single("ES512", key) }

// EdDSA returns a Signer that uses Ed25519 (RFC 8037 §3.1). Its tokens have no kid,
// and its other [Options] have their defaults. The error matches [ErrKey] if [NewKey]
// would refuse the key.
func EdDSA(key ed25519.PrivateKey) (*Signer, error) { return single("EdDSA", key) }

func single(alg string, material any) (*Signer, error) {
	k, err := NewKey("", alg, material)
	if err != nil {
		return nil, err
	}
	return New(Options{Keys: []Key{k}})
}

// ring is what a Signer and a Verifier have in common.
type ring struct {
	keys     []ringKey // the one that signs comes first
	typ      string
	issuer   string
	audience string
	parties  string // iss and aud as Sign writes them: `,"iss":"…","aud":"…"`
}

// ringKey is a key with the header of the tokens that it signs, in base64url, and the
// dot behind it.
type ringKey struct {
	*key
	header string
}

func newRing(o Options) (ring, error) {
	r := ring{typ: o.Type, issuer: o.Issuer, audience: o.Audience}
	if r.typ == "" {
		r.typ = defaultType
	}
	if !isType(r.typ) {
		return ring{}, fmt.Errorf("type must be a media type such as %s (RFC 7515 §4.1.9), not %q", defaultType, o.Type)
	}
	if !utf8.ValidString(o.Issuer) || !utf8.ValidString(o.Audience) {
		return ring{}, errors.New("issuer and audience must be valid UTF-8")
	}
	if o.Issuer != "" {
		r.parties += `,"iss":` + string(appendString(nil, o.Issuer))
	}
	if o.Audience != "" {
		r.parties += `,"aud":` + string(appendString(nil, o.Audience))
	}
	if len(o.Keys) == 0 {
		return ring{}, keyError("there must be at least one key")
	}
	if err := checkKeys(o.Keys); err != nil {
		return ring{}, err
	}
	for _, k := range o.Keys {
		r.keys = append(r.keys, ringKey{k.k, headerOf(k.k, r.typ)})
	}
	return r, nil
}

// checkKeys refuses keys that can't be in one ring.
func checkKeys(keys []Key) error {
	kids := make(map[string]bool, len(keys))
	ids := make(map[string]*key, len(keys))
	for i, k := range keys {
		switch {
		case k.k == nil:
			return keyError("key %d must not be the zero Key", i+1)
		case kids[k.k.kid]:
			return keyError("two keys must not have the same kid %q", k.k.kid)
		}
		kids[k.k.kid] = true
		id := string(k.k.id())
		if other := ids[id]; other != nil && other.name != k.k.name {
			return sameKeyError(other, k.k)
		}
		ids[id] = k.k
	}
	for _, secret := range keys {
		if secret.k.newMAC == nil {
			continue
		}
		for _, public := range keys {
			if public.k.newMAC == nil && public.k.isKnownBy(secret.k.id()) {
				return sameKeyError(public.k, secret.k)
			}
		}
	}
	return nil
}

// sameKeyError is the error for two keys of the same bytes and of two algorithms (RFC
// 8725 §3.1). If a secret is also a public key, everybody can sign.
func sameKeyError(a, b *key) error {
	if b.newMAC != nil {
		a, b = b, a
	}
	if a.newMAC != nil && b.newMAC == nil {
		return keyError("the secret %q must not be the public key %q, which everybody knows", a.kid, b.kid)
	}
	return keyError("one key must not serve two algorithms: %q is for %s and %q for %s", a.kid, a.name, b.kid, b.name)
}

// isType reports whether the text is a media type, or one without its
// "application/", of the characters of RFC 6838 §4.2.
func isType(s string) bool {
	main, sub, ok := strings.Cut(s, "/")
	return isTypeName(main) && (!ok || isTypeName(sub))
}

func isTypeName(s string) bool {
	for _, c := range []byte(s) {
		isLetterOrDigit := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if !isLetterOrDigit && strings.IndexByte("!#$&-^_.+", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 127
}

// withoutApplication cuts the prefix that a typ may omit (RFC 7515 §4.1.9).
func withoutApplication(s string) string {
	const prefix = "application/"
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) && !strings.Contains(s[len(prefix):], "/") {
		return s[len(prefix):]
	}
	return s
}

// isOfType compares the typ of a token with that of the ring, which is ASCII.
func (r *ring) isOfType(typ string) bool {
	got, want := withoutApplication(typ), withoutApplication(r.typ)
	// EqualFold takes "ſ" for "s", which is longer.
	return len(got) == len(want) && strings.EqualFold(got, want)
}
