package jwttoken

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Verify returns these errors. Match them with [errors.Is]. Their texts show no part of
// the token.
var (
	// ErrToken means that a text is not a genuine access token. See [Signer.Verify].
	ErrToken = errors.New("access token not genuine")
	// ErrUnknownKey means that a token has a kid that none of the keys has. It also
	// matches ErrToken. The text has the form of an access token: its length, its
	// three parts, and the header with its typ and an alg of this package are right.
	// The signature can't be checked without the key, and the claims have not been
	// looked at.
	//
	// A resource server should then fetch the JWK set again, because the issuer may
	// have a new key. Anybody can write such a token: limit how often you fetch.
	ErrUnknownKey = tokenError("kid must be that of one of the keys")
)

var (
	errTooLong    = tokenError(fmt.Sprintf("the token must be at most %d bytes long", MaxTokenBytes))
	errParts      = tokenError("the token must have three parts")
	errEncoding   = tokenError("each part must be base64url without padding, and not empty")
	errHeader     = tokenError(fmt.Sprintf("the header must be a JSON object of at most %d names that differ in more than case", maxHeaderNames))
	errHeaderName = tokenError("the header must not have crit, b64, jku, jwk, x5u or x5c")
	errType       = tokenError("typ must be that of the options")
	errAlgorithm  = tokenError("alg must be that of the key")
	errKID        = tokenError(fmt.Sprintf("kid must be a string of 1 to %d bytes", maxKIDBytes))
	errNoKID      = tokenError("the header must have a kid")
	errSignature  = tokenError("the signature must be the key's")
	errPayload    = tokenError("the payload must be a JSON object whose names differ in more than case, without nbf and other reserved names")
	errMissing    = tokenError("the payload must have iat, exp, user_id, ref_id and sid")
	errIAT        = tokenError("iat must be a whole second of the years 1970 to 9999")
	errEXP        = tokenError("exp must be a whole second of the years 1970 to 9999")
	errUserID     = tokenError(fmt.Sprintf("user_id must be 1 to %d bytes long", core.MaxUserIDBytes))
	errRefID      = tokenError("ref_id must be a UUIDv4")
	errSID        = tokenError("sid must be a string that is not empty")
	errIssuer     = tokenError("iss must be that of the options")
	errAudience   = tokenError("aud must be that of the options")
)

func tokenError(reason string) error { return fmt.Errorf("%w: %s", ErrToken, reason) }

// Verify returns the claims of a token that one of the keys has signed. For any other
// text the error matches [ErrToken]; if no key has the kid of the token, it also matches
// [ErrUnknownKey]. Verify does not check times: it returns the claims of an expired
// token. Package core checks them.
//
// A token has at most MaxTokenBytes bytes. It has exactly three parts, each in base64url
// without padding or line breaks (RFC 7515 §7.1).
//
// The header is a JSON object of at most 16 names. Its typ must be that of the options.
// Its kid selects the key; without a kid, the key without one is used. Its alg must be
// that of the key. A header with crit, b64, jku, jwk, x5u or x5c is refused, and nothing
// is ever fetched. A number that a float64 can't hold is refused. Other parameters are
// ignored.
//
// The payload is a JSON object. Verify checks the signature before it reads any claim.
// These claims must be there:
//
//   - iat and exp: integers without sign, fraction or exponent, in seconds, from 1970 to
//     the end of the year 9999.
//   - user_id: a string of 1 to [core.MaxUserIDBytes] bytes.
//   - ref_id: a UUIDv4 in its text form of 36 characters (RFC 9562 §4).
//   - sid: a string that is not empty.
//   - iss and aud: as [Options] says.
//
// A token with nbf is refused, because nothing would check it. All other claims become
// Extra, in their order and without white space between JSON tokens.
//
// Header and payload are UTF-8. In neither may two names be equal or differ only in
// case (RFC 7519 §4), and a name that means something must be in lower case.
func (s *Signer) Verify(token string) (c core.Claims, err error) {
	err = s.ring.verify(token, &c)
	return c, err
}

// Verify returns the claims of a token that one of the keys has signed. See
// [Signer.Verify].
func (v *Verifier) Verify(token string) (c core.Claims, err error) {
	err = v.ring.verify(token, &c)
	return c, err
}

// verify stores the claims of the token in c, and leaves it as it is if it returns an
// error. (It does not return Claims, because copying them takes time.)
func (r *ring) verify(token string, c *core.Claims) error {
	if len(token) > MaxTokenBytes {
		return errTooLong
	}
	k, header, err := r.keyOf(token)
	if err != nil {
		return err
	}
	if k == nil {
		return unknownKey(token[len(header):])
	}
	b := k.buffers.Get().(*buffers)
	payload, err := k.open(b, token, header)
	if err == nil {
		err = r.parseClaims(b, payload, c)
	}
	k.buffers.Put(b)
	return err
}

// keyOf returns the key that must have signed the token, nil if its kid is that of no
// key, and the header with the dot behind it.
func (r *ring) keyOf(token string) (k *key, header string, err error) {
	// This is the header of our own tokens, which needs no parsing.
	for i := range r.keys {
		if k := &r.keys[i]; strings.HasPrefix(token, k.header) {
			return k.key, k.header, nil
		}
	}
	header, _, ok := strings.Cut(token, ".")
	if !ok {
		return nil, "", errParts
	}
	k, err = r.parseHeader(header)
	return k, token[:len(header)+1], err
}

// unknownKey returns the error for a token of an unknown key, whose last two parts these
// are.
func unknownKey(parts string) error {
	payload, signature, ok := strings.Cut(parts, ".")
	if !ok || strings.Contains(signature, ".") {
		return errParts
	}
	for _, part := range []string{payload, signature} {
		if _, ok := decodeText(part); !ok || part == "" {
			return errEncoding
		}
	}
	return ErrUnknownKey
}

// maxHeaderNames bounds the work for a token before its signature is checked.
const maxHeaderNames = 16

// The parameters of a header (RFC 7515 §4.1) that mean something here.
const (
	algParameter = iota
	typParameter
	kidParameter
	// The others are refused. No extension is understood (crit; b64 of RFC 7797), and a
	// key that comes with the token is not trusted.
	refusedParameter
)

var headerNames = newNames(nil, "alg", "typ", "kid", "crit", "b64", "jku", "jwk", "x5u", "x5c")

// parseHeader does the same as keyOf for any header.
func (r *ring) parseHeader(header string) (*key, error) {
	text, ok := decodeText(header)
	if !ok {
		return nil, errEncoding
	}
	var parameters [refusedParameter][]byte
	o := newObject(text, headerNames)
	o.maxNames, o.smallNumbers = maxHeaderNames, true
	for o.next() {
		value := o.readValue()
		if o.known >= refusedParameter {
			return nil, errHeaderName
		}
		if o.known >= 0 {
			parameters[o.known] = value
		}
	}
	if o.err != nil {
		return nil, errHeader
	}
	typ, ok := unquote(parameters[typParameter])
	if !ok || !r.isOfType(string(typ)) {
		return nil, errType
	}
	alg, _ := unquote(parameters[algParameter])
	if _, ok := algorithms[string(alg)]; !ok {
		return nil, errAlgorithm
	}
	kid, hasKID := unquote(parameters[kidParameter])
	if parameters[kidParameter] != nil && (!hasKID || len(kid) == 0 || len(kid) > maxKIDBytes) {
		return nil, errKID
	}
	for _, k := range r.keys {
		if k.kid != string(kid) {
			continue
		}
		if k.name != string(alg) {
			return nil, errAlgorithm
		}
		return k.key, nil
	}
	if !hasKID {
		return nil, errNoKID
	}
	return nil, nil
}

// open checks the signature of a token with that header, and returns the payload, which
// stays valid until b is used again.
func (k *key) open(b *buffers, token, header string) ([]byte, error) {
	// The signatures of a key all have one length.
	at := max(0, len(token)-k.signatureLength)
	signed, ok1 := strings.CutSuffix(token[:at], ".")
	encodedPayload, ok2 := strings.CutPrefix(signed, header)
	if !ok1 || !ok2 {
		return nil, errParts
	}
	text := append(b.token[:0], token...)
	signature := text[at:]
	text = text[:len(signed)]
	if b.mac != nil {
		mac := base64url.AppendEncode(b.signature[:0], b.macOf(text))
		if !hmac.Equal(signature, mac) {
			return nil, errSignature
		}
	} else {
		signature, ok := decodeSegment(b.signature[:], signature)
		if !ok {
			return nil, errEncoding
		}
		if k.verify(signed, signature) != nil {
			return nil, errSignature
		}
	}
	payload, ok := decodeSegment(b.payload[:], text[len(text)-len(encodedPayload):])
	if !ok {
		return nil, errEncoding
	}
	return payload, nil
}

// The claims that are fields of core.Claims or of Options, in the order in which Sign
// writes them.
const (
	iatClaim = iota
	expClaim
	userIDClaim
	refIDClaim
	sidClaim
	issClaim
	audClaim
	requiredClaims = 1<<iatClaim | 1<<expClaim | 1<<userIDClaim | 1<<refIDClaim | 1<<sidClaim
)

var claimNames = newNames(isReserved, "iat", "exp", "user_id", "ref_id", "sid", "iss", "aud")

func isReserved(name []byte) bool { return core.ReservedClaim(string(name)) }

// parseClaims reads a payload. What it stores in c does not refer to b.
func (r *ring) parseClaims(b *buffers, payload []byte, c *core.Claims) error {
	var (
		iat, exp         int64
		userID, sid      []byte
		ref              core.Ref
		issuer, audience []byte
	)
	o := newObject(payload, claimNames)
	o.others = b.names[:0]
	for o.next() {
		var ok bool
		switch o.known {
		case iatClaim:
			if iat, ok = o.readInteger(); !ok || iat > maxSeconds {
				return errIAT
			}
		case expClaim:
			if exp, ok = o.readInteger(); !ok || exp > maxSeconds {
				return errEXP
			}
		case userIDClaim:
			if userID, ok = o.readString(); !ok || len(userID) == 0 || len(userID) > core.MaxUserIDBytes {
				return errUserID
			}
		case refIDClaim:
			if ref, ok = readRef(o); !ok {
				return errRefID
			}
		case sidClaim:
			if sid, ok = o.readString(); !ok || len(sid) == 0 {
				return errSID
			}
		case issClaim:
			if issuer, ok = o.readString(); !ok {
				return errIssuer
			}
		case audClaim:
			audience = o.readValue()
		default:
			o.readValue()
		}
	}
	switch {
	case o.err != nil:
		return errPayload
	case o.seen&requiredClaims != requiredClaims:
		return errMissing
	case r.issuer != "" && string(issuer) != r.issuer:
		return errIssuer
	case !r.isFor(audience):
		return errAudience
	}
	// One string for both, because an allocation costs more than the copying.
	ids := string(append(append(make([]byte, 0, 64), userID...), sid...))
	c.UserID, c.SessionID = ids[:len(userID)], ids[len(userID):]
	c.Ref = ref
	c.IssuedAt, c.ExpiresAt = time.Unix(iat, 0).UTC(), time.Unix(exp, 0).UTC()
	if members := o.unknown(); members != nil {
		extra := append(append(b.token[:0], '{'), members...)
		c.Extra = string(append(extra, '}'))
	}
	return nil
}

// readRef reads the value of a member that is a UUIDv4 in its text form (RFC 9562 §4).
func readRef(o *object) (ref core.Ref, ok bool) {
	if rest := o.text[o.at:]; len(rest) >= 38 && rest[0] == '"' && rest[37] == '"' {
		if ref, ok := parseRef(rest[1:37]); ok {
			o.at += 38
			return ref, true
		}
	}
	text, ok := o.readString()
	if !ok {
		return ref, false
	}
	return parseRef(text)
}

func parseRef(s []byte) (ref core.Ref, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[14] != '4' || s[18] != '-' || s[23] != '-' {
		return ref, false
	}
	var digits [32]byte
	copy(digits[:8], s[:8])
	copy(digits[8:12], s[9:13])
	copy(digits[12:16], s[14:18])
	copy(digits[16:20], s[19:23])
	copy(digits[20:], s[24:])
	_, err := hex.Decode(ref[:], digits[:])
	return ref, err == nil && ref[8]>>6 == 2
}

// isFor checks the claim aud, nil if there is none (RFC 7519 §4.1.3).
func (r *ring) isFor(aud []byte) bool {
	if aud == nil || r.audience == "" {
		return aud == nil && r.audience == ""
	}
	if text, ok := unquote(aud); ok {
		return string(text) == r.audience
	}
	all, ok := unquoteAll(aud)
	return ok && slices.Contains(all, r.audience)
}

// base64url is that of RFC 7515 §2, without padding. Bits behind the last byte must be
// zero.
var base64url = base64.RawURLEncoding.Strict()

// decodeSegment decodes the text to dst and returns the part of dst that it filled. It is
// not ok if dst is too short, and if the text is not the only encoding of what it says.
func decodeSegment(dst, text []byte) (decoded []byte, ok bool) {
	want := base64url.DecodedLen(len(text))
	if want > len(dst) {
		return nil, false
	}
	n, err := base64url.Decode(dst, text)
	// The decoder skips line breaks, and then there are fewer bytes than wanted.
	return dst[:n], err == nil && n == want && len(text)%4 != 1
}

// decodeText is decodeSegment where time does not matter.
func decodeText(text string) ([]byte, bool) {
	return decodeSegment(make([]byte, base64url.DecodedLen(len(text))), []byte(text))
}
