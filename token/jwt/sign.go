package jwttoken

import (
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/tokenauth/tokenauth/core"
)

// ErrClaims means that an access token can't carry the claims. See [Signer.Sign]. Match
// it with [errors.Is]. It matches [core.ErrInvalidClaims] too: a repetition can't succeed.
// The text of the error shows none of the claims.
var ErrClaims error = unusableClaims{}

type unusableClaims struct{}

func (unusableClaims) Error() string { return "unusable claims" }

// Is makes ErrClaims match what it means to package core.
func (unusableClaims) Is(target error) bool { return target == core.ErrInvalidClaims }

var (
	errClaimsTooLong = claimsError(fmt.Sprintf("the token must be at most %d bytes long", MaxTokenBytes))
	errBadUserID     = claimsError(fmt.Sprintf("UserID must be 1 to %d bytes of valid UTF-8", core.MaxUserIDBytes))
	errBadRef        = claimsError("Ref must be a UUIDv4")
	errBadSessionID  = claimsError("SessionID must be valid UTF-8 and not empty")
	errBadTime       = claimsError("IssuedAt and ExpiresAt must be whole seconds of the years 1970 to 9999")
	errBadExtra      = claimsError("Extra must be one JSON object in UTF-8 whose names differ in more than case")
	errReservedExtra = claimsError("Extra must not have a reserved name")
)

func claimsError(reason string) error { return fmt.Errorf("%w: %s", ErrClaims, reason) }

// Sign returns a token that carries the claims, signed with the first key. It is a JWS
// in compact form (RFC 7515 §3.1) of at most MaxTokenBytes bytes. Verify returns the
// same claims.
//
// The error matches [ErrClaims] if one of these does not hold:
//
//   - UserID is 1 to [core.MaxUserIDBytes] bytes of valid UTF-8.
//   - Ref is a UUIDv4.
//   - SessionID is valid UTF-8 and not empty.
//   - IssuedAt and ExpiresAt are whole seconds, from 1970 to the end of the year 9999.
//   - Extra is empty or the text of one JSON object in valid UTF-8. None of its names
//     is reserved ([core.ReservedClaim]), and no two are equal or differ only in case.
//   - The token is not too long.
//
// Extra is carried byte for byte: numbers, escapes and the order of names stay. There
// are two exceptions. White space between JSON tokens is removed, and an object without
// members comes back as "".
func (s *Signer) Sign(c core.Claims) (string, error) {
	if err := checkClaims(c); err != nil {
		return "", err
	}
	k := s.ring.keys[0]
	b := k.buffers.Get().(*buffers)
	defer k.buffers.Put(b)
	payload, err := s.ring.appendPayload(b, c)
	if err != nil {
		return "", err
	}
	if len(k.header)+base64url.EncodedLen(len(payload))+1+k.signatureLength > MaxTokenBytes {
		return "", errClaimsTooLong
	}
	text := base64url.AppendEncode(append(b.token[:0], k.header...), payload)
	var signature []byte
	if b.mac != nil {
		signature = b.macOf(text)
	} else if signature, err = k.sign(string(text)); err != nil {
		return "", fmt.Errorf("sign with %s: %w", k.name, err)
	}
	return string(base64url.AppendEncode(append(text, '.'), signature)), nil
}

func checkClaims(c core.Claims) error {
	switch {
	case c.UserID == "" || len(c.UserID) > core.MaxUserIDBytes || !utf8.ValidString(c.UserID):
		return errBadUserID
	case !isUUIDv4(c.Ref):
		return errBadRef
	case c.SessionID == "" || !utf8.ValidString(c.SessionID):
		return errBadSessionID
	case !isWholeSecond(c.IssuedAt) || !isWholeSecond(c.ExpiresAt):
		return errBadTime
	}
	return nil
}

// maxSeconds is the last second of the year 9999 in Unix time.
const maxSeconds = 253402300799

func isWholeSecond(t time.Time) bool {
	return t.Nanosecond() == 0 && t.Unix() >= 0 && t.Unix() <= maxSeconds
}

// isUUIDv4 checks the version and the variant (RFC 9562 §5.4).
func isUUIDv4(r core.Ref) bool { return r[6]>>4 == 4 && r[8]>>6 == 2 }

// headerOf returns the header of the tokens that the key signs, in base64url, and the dot behind it.
func headerOf(k *key, typ string) string {
	h := appendString([]byte(`{"alg":`), k.name)
	h = appendString(append(h, `,"typ":`...), typ)
	if k.kid != "" {
		h = appendString(append(h, `,"kid":`...), k.kid)
	}
	return base64url.EncodeToString(append(h, '}')) + "."
}

var extraNames = newNames(isReserved)

// appendPayload returns the payload of a token, in b.payload where that is long enough.
func (r *ring) appendPayload(b *buffers, c core.Claims) ([]byte, error) {
	p := strconv.AppendInt(append(b.payload[:0], `{"iat":`...), c.IssuedAt.Unix(), 10)
	p = strconv.AppendInt(append(p, `,"exp":`...), c.ExpiresAt.Unix(), 10)
	p = appendString(append(p, `,"user_id":`...), c.UserID)
	ref, _ := uuid.UUID(c.Ref).MarshalText() // never fails
	p = append(append(append(p, `,"ref_id":"`...), ref...), '"')
	p = appendString(append(p, `,"sid":`...), c.SessionID)
	p = append(p, r.parties...)
	if c.Extra == "" {
		return append(p, '}'), nil
	}
	extra := newObject(append(b.token[:0], c.Extra...), extraNames)
	extra.others = b.names[:0]
	for extra.next() {
		extra.readValue()
	}
	if errors.Is(extra.err, errReservedName) {
		return nil, errReservedExtra
	}
	if extra.err != nil {
		return nil, errBadExtra
	}
	if members := extra.unknown(); len(members) > 0 {
		p = append(append(p, ','), members...)
	}
	return append(p, '}'), nil
}
