package jwttoken

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"unicode/utf16"
)

// appendString appends valid UTF-8 as a JSON string that escapes nothing but
// what it must (RFC 8259 §7).
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if c < ' ' {
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		} else {
			dst = append(dst, '\\', c)
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// parseString returns what a JSON string in valid UTF-8 stands for; ok is
// false for another JSON value and for half a surrogate pair, which
// encoding/json would replace, so that different strings became one.
func parseString(raw []byte) (s string, ok bool) {
	if raw[0] != '"' || hasLoneSurrogate(raw) {
		return "", false
	}
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// hasLoneSurrogate reports whether a JSON string has an escape that is half of
// a surrogate pair without its other half.
func hasLoneSurrogate(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return false
		}
		unit, ok := utf16Escape(raw[i:])
		switch {
		case !ok:
			raw = raw[i+2:]
			continue
		case !utf16.IsSurrogate(unit):
			raw = raw[i+6:]
			continue
		}
		next, _ := utf16Escape(raw[i+6:])
		if utf16.DecodeRune(unit, next) == '\uFFFD' {
			return true
		}
		raw = raw[i+12:]
	}
}

// utf16Escape returns the code unit of the escape \uXXXX that s begins with.
func utf16Escape(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var unit [2]byte
	_, err := hex.Decode(unit[:], s[2:6])
	return rune(unit[0])<<8 | rune(unit[1]), err == nil
}
