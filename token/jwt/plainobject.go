package jwttoken

import (
	"bytes"
	"unicode/utf8"

	"github.com/tokenauth/tokenauth/core"
)

// What goes beyond these is not refused, but read by encoding/json.
const (
	maxPlainMembers = 16
	maxPlainDepth   = 16
)

// isPlainObject reports whether the text is a JSON object (RFC 8259) that can be
// the application's claims and is quick to check: in UTF-8, not empty, without
// insignificant white space, and its names ASCII without escapes, distinct and
// not reserved. It does not look at the first byte, the opening brace.
func isPlainObject(s []byte) bool {
	if !utf8.Valid(s) {
		return false
	}
	var names [maxPlainMembers][]byte
	n := 0
	i := 0
	for {
		// s[i] is the brace or a comma.
		if i++; i >= len(s) || s[i] != '"' {
			return false
		}
		i++
		length, isASCII := plainLength(s[i:])
		end := i + length
		if !isASCII || end >= len(s) || s[end] != '"' || n == maxPlainMembers {
			return false
		}
		if names[n] = s[i:end]; !isNewName(names[:n], names[n]) {
			return false
		}
		n++
		if i = end + 1; i >= len(s) || s[i] != ':' {
			return false
		}
		if i = skipValue(s, i+1, maxPlainDepth); i < 0 || i >= len(s) {
			return false
		}
		if s[i] == '}' {
			return i == len(s)-1
		}
		if s[i] != ',' {
			return false
		}
	}
}

func isNewName(names [][]byte, name []byte) bool {
	for _, other := range names {
		if len(other) == len(name) && bytes.EqualFold(other, name) {
			return false
		}
	}
	return !core.ReservedClaim(string(name))
}
