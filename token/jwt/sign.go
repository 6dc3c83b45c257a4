package jwttoken

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/tokenauth/tokenauth/core"
)

// Sign returns the token that carries the claims, signed with the first key: a
// JWS in compact form (RFC 7515 §3.1) of at most MaxTokenBytes bytes, such that
// Verify returns the same claims.
//
// It is [ErrClaims] if a token can't carry them: if UserID is not 1 to
// [core.MaxUserIDBytes] bytes of valid UTF-8, Ref not a UUIDv4, SessionID empty or
// not valid UTF-8, IssuedAt or ExpiresAt not a whole second from 1970 to the end of
// the year 9999; if Extra is not the text of a JSON object in valid UTF-8, or has a
// name that is reserved ([core.ReservedClaim]) or the same as another but for
// case; and if the token would be too long.
//
// Extra is carried as it is: numbers, escapes and the order of names stay. Two
// things are not kept, as they mean nothing: white space between JSON tokens,
// and an object without members, which comes back as "".
func (t *Signer) Sign(c core.Claims) (string, error) {
	if err := checkClaims(c); err != nil {
		return "", err
	}
	extra, err := checkExtra(c.Extra)
	if err != nil {
		return "", err
	}
	k := t.ring.keys[0]
	s := k.pool.Get().(*scratch)
	defer k.pool.Put(s)
	payload := t.ring.appendPayload(s.payload[:0], c, extra)
	if len(k.header)+base64url.EncodedLen(len(payload))+1+base64url.EncodedLen(k.signatureBytes) > MaxTokenBytes {
		return "", errTooLong
	}
	text := base64url.AppendEncode(append(s.token[:0], k.header...), payload)
	var signature []byte
	if s.mac != nil {
		signature = s.macOf(text)
	} else if signature, err = k.sign(string(text)); err != nil {
		return "", fmt.Errorf("sign with %s: %w", k.name, err)
	}
	return string(base64url.AppendEncode(append(text, '.'), signature)), nil
}

func (r *ring) appendPayload(b []byte, c core.Claims, extra string) []byte {
	b = strconv.AppendInt(append(b, `{"iat":`...), c.IssuedAt.Unix(), 10)
	b = strconv.AppendInt(append(b, `,"exp":`...), c.ExpiresAt.Unix(), 10)
	b = appendString(append(b, `,"user_id":`...), c.UserID)
	ref, _ := uuid.UUID(c.Ref).MarshalText() // never fails
	b = append(append(append(b, `,"ref_id":"`...), ref...), '"')
	b = appendString(append(b, `,"sid":`...), c.SessionID)
	b = append(b, r.parties...)
	if extra == "" {
		return append(b, '}')
	}
	return append(append(b, ','), extra[1:]...)
}

var (
	errTooLong    = claimsError("the token would be too long")
	errBadUserID  = claimsError("the user id is not 1 to 255 bytes of UTF-8")
	errBadRef     = claimsError("the reference is not a UUIDv4")
	errBadSID     = claimsError("the session id is empty or not UTF-8")
	errBadTime    = claimsError("a time is not a whole second of the years 1970 to 9999")
	errBadExtra   = claimsError("the application's claims are not a JSON object in UTF-8 with distinct names")
	errExtraNames = claimsError("a name among the application's claims is reserved")
)

func checkClaims(c core.Claims) error {
	switch {
	case c.UserID == "" || len(c.UserID) > core.MaxUserIDBytes || !utf8.ValidString(c.UserID):
		return errBadUserID
	case !isUUIDv4(uuid.UUID(c.Ref)):
		return errBadRef
	case c.SessionID == "" || !utf8.ValidString(c.SessionID):
		return errBadSID
	case len(c.SessionID) > MaxTokenBytes:
		return errTooLong
	case !isWholeSecond(c.IssuedAt) || !isWholeSecond(c.ExpiresAt):
		return errBadTime
	}
	return nil
}

func isWholeSecond(t time.Time) bool {
	return t.Nanosecond() == 0 && t.Unix() >= 0 && t.Unix() <= maxSeconds
}

// checkExtra returns the application's claims without white space, empty where
// there are none.
func checkExtra(extra string) (string, error) {
	if extra == "" {
		return "", nil
	}
	if len(extra) <= MaxTokenBytes && extra[0] == '{' && isPlainObject([]byte(extra)) {
		return extra, nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(extra)); err != nil {
		return "", errBadExtra
	}
	if b.Len() > MaxTokenBytes {
		return "", errTooLong
	}
	all, err := members(b.Bytes())
	if err != nil {
		return "", errBadExtra
	}
	for _, m := range all {
		if core.ReservedClaim(m.name) {
			return "", errExtraNames
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	return b.String(), nil
}
