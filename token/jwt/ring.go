package jwttoken

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// defaultType is the typ of access tokens in JWT form (RFC 9068 §2.1).
const defaultType = "at+jwt"

// Options is what [New] and [NewVerifier] make tokens of. It prints without any
// key material, whatever the verb.
type Options struct {
	// Keys are the keys of the ring. The first one signs, all of them verify;
	// the kid in a token's header names the one that does. No two have the
	// same kid, and no key material serves two algorithms. Required.
	Keys []Key
	// Issuer is the claim iss (RFC 7519 §4.1.1). If it is set, every token
	// gets it, and a token with another or none is refused. Default: no iss is
	// written, and one in a token is not looked at.
	Issuer string
	// Audience is the claim aud (RFC 7519 §4.1.3). If it is set, every token
	// gets it, and a token is refused unless its aud is that text or an array
	// with that text in it. Default: no aud is written, and a token that has
	// one is refused, as it is meant for somebody else.
	Audience string
	// Type is the header typ, which tells access tokens from other tokens signed
	// with the same key (RFC 8725 §3.11). It is a media type, so a token's
	// may differ in case and begin with "application/" (RFC 7515 §4.1.9).
	// Default: at+jwt (RFC 9068 §2.1).
	Type string
}

// ring is what verifying takes.
type ring struct {
	keys     []ringKey // the one that signs comes first
	typ      string
	issuer   string
	audience string
	parties  string // iss and aud as Sign writes them: `,"iss":"…","aud":"…"`
}

// ringKey is a key together with the header of the tokens it signs.
type ringKey struct {
	*key
	header string // base64url, and the dot behind it
}

func newRing(o Options) (ring, error) {
	r := ring{typ: o.Type, issuer: o.Issuer, audience: o.Audience}
	if r.typ == "" {
		r.typ = defaultType
	}
	if !isType(r.typ) {
		return ring{}, fmt.Errorf("the type %q is not a media type (RFC 7515 §4.1.9)", o.Type)
	}
	if !utf8.ValidString(o.Issuer) || !utf8.ValidString(o.Audience) {
		return ring{}, errors.New("the issuer or the audience is not UTF-8")
	}
	if o.Issuer != "" {
		r.parties += `,"iss":` + string(appendString(nil, o.Issuer))
	}
	if o.Audience != "" {
		r.parties += `,"aud":` + string(appendString(nil, o.Audience))
	}
	if len(o.Keys) == 0 {
		return ring{}, keyError("there is none")
	}
	if err := checkKeys(o.Keys); err != nil {
		return ring{}, err
	}
	for _, k := range o.Keys {
		r.keys = append(r.keys, ringKey{k.k, headerOf(k.k, r.typ)})
	}
	return r, nil
}

// checkKeys finds what keys can't be in one ring.
func checkKeys(keys []Key) error {
	kids := make(map[string]bool, len(keys))
	ids := make(map[string]*key, len(keys))
	for i, k := range keys {
		switch {
		case k.k == nil:
			return keyError("key %d is the zero Key", i+1)
		case kids[k.k.kid]:
			return keyError("two keys have the kid %q", k.k.kid)
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
			if public.k.isKnownByText(secret.k.id()) {
				return sameKeyError(public.k, secret.k)
			}
		}
	}
	return nil
}

// sameKeyError says of which kind the keys are that have the same bytes and not
// the same algorithm (RFC 8725 §3.1): a public key that is also an HMAC secret
// lets everybody sign.
func sameKeyError(a, b *key) error {
	if b.newMAC != nil {
		a, b = b, a
	}
	if a.newMAC != nil && b.newMAC == nil {
		return keyError("the secret %q is the public key %q, which everybody knows", a.kid, b.kid)
	}
	return keyError("the keys %q and %q are one, for two algorithms, %s and %s", a.kid, b.kid, a.name, b.name)
}

// headerOf returns the header of the tokens that the key signs, in base64url,
// and the dot behind it.
func headerOf(k *key, typ string) string {
	h := appendString([]byte(`{"alg":`), k.name)
	h = appendString(append(h, `,"typ":`...), typ)
	if k.kid != "" {
		h = appendString(append(h, `,"kid":`...), k.kid)
	}
	return base64url.EncodeToString(append(h, '}')) + "."
}

// isType reports whether the text is a media type, or one without its
// "application/", of the characters of RFC 6838 §4.2.
func isType(s string) bool {
	s = withoutApplication(s)
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

// withoutApplication cuts the prefix that RFC 7515 §4.1.9 lets a typ omit.
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
	// Of equal length, or EqualFold would take "ſ" for "s".
	return len(got) == len(want) && strings.EqualFold(got, want)
}
