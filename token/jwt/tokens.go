package jwttoken

import "github.com/tokenauth/tokenauth/core"

// MaxTokenBytes is the length of the longest token, in bytes: Sign makes none that
// is longer, and Verify refuses one that is before it decodes any of it.
const MaxTokenBytes = 8192

// Signer makes and verifies access tokens: it is a [core.TokenSigner]. [New]
// makes one, and for a single key [HS256] and its like. It never changes and is
// safe for concurrent use. It prints as its algorithms and kids alone, whatever
// the verb.
type Signer struct {
	ring ring
}

// Verifier verifies access tokens and makes none: it is a [core.TokenVerifier],
// for a resource server that has the public keys alone. [NewVerifier] makes one.
// It never changes and is safe for concurrent use. It prints as its algorithms
// and kids alone, whatever the verb.
type Verifier struct {
	ring ring
}

var (
	_ core.TokenSigner   = (*Signer)(nil)
	_ core.TokenVerifier = (*Verifier)(nil)
)

// New returns access tokens that are signed with the first of the keys and
// verified with all of them. It is [ErrKey] if there is no key, if the first is
// a public one, if two have the same kid, or if one serves two algorithms. Any
// other error says which of the options is wrong.
func New(o Options) (*Signer, error) {
	r, err := newRing(o)
	if err != nil {
		return nil, err
	}
	if r.keys[0].sign == nil {
		return nil, keyError("the first key signs, and %q is a public key", r.keys[0].kid)
	}
	return &Signer{r}, nil
}

// NewVerifier returns a verifier of the tokens that were signed with one of the
// keys, which may be public keys, private ones or secrets. Its errors are those
// of New, except that it needs no key that signs.
func NewVerifier(o Options) (*Verifier, error) {
	r, err := newRing(o)
	if err != nil {
		return nil, err
	}
	return &Verifier{r}, nil
}

// Verify returns the claims of a token that one of the keys has signed; see
// [Signer.Verify].
func (v *Verifier) Verify(token string) (c core.Claims, err error) {
	err = v.ring.verify(token, &c)
	return c, err
}

// Verify returns the claims of a token that one of the keys has signed. Any
// other text is [ErrToken]. It never judges times: an expired token has its
// claims returned, and package core judges them.
//
// A token is at most MaxTokenBytes long and has exactly three parts in
// base64url, without padding or line breaks (RFC 7515 §7.1). Its header has the
// typ that the options name; the kid of one of the keys, or none, for the key
// without; and as alg that key's algorithm. It has no crit and no b64, and no
// jku, jwk, x5u or x5c: nothing is ever fetched. What else it has is not looked
// at, and it has at most 16 names. The payload is a JSON object in UTF-8. In
// neither are two names the same or different in nothing but case (RFC 7519 §4).
// The signature is checked before any claim is looked at.
//
// The claims that must be there are iat and exp, integers without sign, fraction
// and exponent, from 1970 to the end of the year 9999; user_id, a string of 1 to
// [core.MaxUserIDBytes] bytes; ref_id, a UUIDv4 in its text form of 36 characters
// (RFC 9562 §4); sid, a string that is not empty; and iss and aud as [Options]
// says. A token with nbf is refused, because nobody would judge it. All other
// claims become Extra, in the order they stand in and without insignificant
// white space.
func (t *Signer) Verify(token string) (c core.Claims, err error) {
	err = t.ring.verify(token, &c)
	return c, err
}
