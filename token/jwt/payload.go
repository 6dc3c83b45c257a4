package jwttoken

import (
	"bytes"
	"encoding/json"

	"github.com/tokenauth/tokenauth/core"
)

var (
	errPayload  = tokenError("the payload is not a JSON object with distinct names")
	errMissing  = tokenError("iat, exp, user_id, ref_id or sid is missing")
	errWrong    = tokenError("iat, exp, user_id, ref_id, sid or iss is not of its type")
	errReserved = tokenError("a claim has a reserved name, or nearly one")
	errIssuer   = tokenError("it is of another issuer")
	errAudience = tokenError("it is for another audience")
)

// parsePayload reads any payload that [Signer.Verify] allows.
func (r *ring) parsePayload(payload []byte, c *core.Claims) error {
	all, err := members(payload)
	if err != nil {
		return errPayload
	}
	var (
		iat, exp                   int64
		userID, refID, sid, issuer string
		audience                   json.RawMessage
		extra                      []byte
	)
	required := 0
	for _, m := range all {
		ok := true
		switch m.name {
		case "iat":
			required++
			iat, ok = wholeSeconds(m.value)
		case "exp":
			required++
			exp, ok = wholeSeconds(m.value)
		case "user_id":
			required++
			userID, ok = parseString(m.value)
		case "ref_id":
			required++
			refID, ok = parseString(m.value)
		case "sid":
			required++
			sid, ok = parseString(m.value)
		case "iss":
			issuer, ok = parseString(m.value)
		case "aud":
			audience = m.value
		default:
			if core.ReservedClaim(m.name) {
				return errReserved
			}
			extra = m.appendTo(extra)
		}
		if !ok {
			return errWrong
		}
	}
	switch {
	case required != 5:
		return errMissing
	case r.issuer != "" && issuer != r.issuer:
		return errIssuer
	case !r.isFor(audience):
		return errAudience
	}
	if extra != nil {
		extra = append(extra, '}')
	}
	if err := setClaims(c, iat, exp, []byte(userID), []byte(refID), []byte(sid)); err != nil {
		return err
	}
	c.Extra = string(extra)
	return nil
}

// wholeSeconds reads a NumericDate (RFC 7519 §2) without fraction and exponent.
func wholeSeconds(raw json.RawMessage) (int64, bool) {
	seconds, n := parseSeconds(raw)
	return seconds, n > 0 && n == len(raw)
}

// isFor reports whether the claim aud, nil where there is none, lets the token
// be used here (RFC 7519 §4.1.3).
func (r *ring) isFor(raw json.RawMessage) bool {
	if raw == nil || r.audience == "" {
		return raw == nil && r.audience == ""
	}
	elements := []json.RawMessage{raw}
	if raw[0] == '[' && json.Unmarshal(raw, &elements) != nil {
		return false
	}
	found := false
	for _, element := range elements {
		audience, ok := parseString(element)
		if !ok {
			return false
		}
		found = found || audience == r.audience
	}
	return found
}

// appendTo appends the member to the text of an object that is still open,
// or begins one. White space between tokens goes; nothing else changes.
func (m *member) appendTo(object []byte) []byte {
	separator := byte(',')
	if object == nil {
		separator = '{'
	}
	b := bytes.NewBuffer(append(object, separator))
	b.Write(m.rawName)
	b.WriteByte(':')
	_ = json.Compact(b, m.value) // it is valid: see members
	return b.Bytes()
}
